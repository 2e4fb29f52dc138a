//go:build !linux

package doubles

import "syscall"

// withParent can do less here than on Linux: a parent that is killed leaves the process behind.
func withParent() *syscall.SysProcAttr { return nil }
