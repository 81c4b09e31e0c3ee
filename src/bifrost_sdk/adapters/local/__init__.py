"""Published files on a disk or a share that this machine has mounted."""
