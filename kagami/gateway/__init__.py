"""The listening side: who may connect, and the sockets of those who did."""
