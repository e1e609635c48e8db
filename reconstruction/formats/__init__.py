"""Files in and out: interchangeable twins behind one read and one write."""
