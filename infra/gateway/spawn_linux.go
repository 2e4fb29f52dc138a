package gateway

import "syscall"

// ownGroup gives a process a group of its own, so that it ends with all its children, and has the kernel end it with us, however
// we end. (An idle process would end by itself, for aws-lambda-go exits when the Runtime API is gone; a busy one would not yet.)
func ownGroup() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
}
