"""Drawing gaussians: twins behind one protocol, held to the slow reference by one test body."""
