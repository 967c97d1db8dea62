// The frame of the page: navigation, live updates, message fields and toasts.

import "./shortcuts.js";
import { announceNewMessages } from "./announcer.js";
import { startComposers } from "./composer.js";
import { followChanges } from "./live.js";
import { startNavigation } from "./navigation.js";
import { scrollToNewest } from "./scrolling.js";
import { reportSeen } from "./seen.js";
import { startToasts } from "./toasts.js";
import { startFirstSteps } from "./first_steps.js";

startToasts();
startComposers();
startNavigation();
startFirstSteps();
announceNewMessages();
scrollToNewest();
reportSeen();
followChanges();
