package vfs

// Errno is an error of the virtual kernel. Its text is what strerror(3) gives in the C locale.
type Errno uint8

// The errors that a script can meet; names and texts follow errno(3).
const (
	EPERM Errno = iota + 1
	ENOENT
	ESRCH
	EINTR
	EIO
	ENOEXEC
	EBADF
	ECHILD
	EAGAIN
	ENOMEM
	EACCES
	EBUSY
	EEXIST
	EXDEV
	ENOTDIR
	EISDIR
	EINVAL
	EFBIG
	ENOSPC
	ESPIPE
	EROFS
	EPIPE
	ELOOP
	ENOTEMPTY
	ENAMETOOLONG
)

var errnoText = [...]string{
	EPERM: "Operation not permitted", ENOENT: "No such file or directory", ESRCH: "No such process",
	EINTR: "Interrupted system call", EIO: "Input/output error", ENOEXEC: "Exec format error",
	EBADF: "Bad file descriptor", ECHILD: "No child processes", EAGAIN: "Resource temporarily unavailable",
	ENOMEM: "Cannot allocate memory", EACCES: "Permission denied", EBUSY: "Device or resource busy",
	EEXIST: "File exists", EXDEV: "Invalid cross-device link", ENOTDIR: "Not a directory", EISDIR: "Is a directory",
	EINVAL: "Invalid argument", EFBIG: "File too large", ENOSPC: "No space left on device", ESPIPE: "Illegal seek",
	EROFS: "Read-only file system", EPIPE: "Broken pipe", ELOOP: "Too many levels of symbolic links",
	ENOTEMPTY: "Directory not empty", ENAMETOOLONG: "File name too long",
}

func (e Errno) Error() string {
	if int(e) < len(errnoText) && errnoText[e] != "" {
		return errnoText[e]
	}
	return "Unknown error"
}
