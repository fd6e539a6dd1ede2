"""What each service does, one module or package a service, loaded when it is first called."""
