package doubles

import "syscall"

// withParent has the kernel end the process when the thread that started it ends. A process group of its own keeps a
// terminal's Ctrl-C from it: who started it ends it, in good order.
func withParent() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
}
