"""App manifests: the features of an app, and Slack's rules for manifests.

See docs.slack.dev/reference/app-manifest. The limits come from Slack's JSON schema, version 1.0.0
(github.com/slackapi/manifest-schema).
"""
