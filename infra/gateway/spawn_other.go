//go:build unix && !linux

package gateway

import "syscall"

// ownGroup gives a process a group of its own, so that it ends with all its children.
func ownGroup() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Setpgid: true}
}
