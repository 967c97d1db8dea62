// modal
