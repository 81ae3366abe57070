"""What the wheel of the constructs needs when it is built."""
