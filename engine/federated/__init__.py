"""Linear models of many clients, each a task whose data stay where they are: MOCHA, FedAvg, and every client alone."""
