package vpcd

import (
	"net"
	"syscall"
)

// quickAck makes the kernel acknowledge the next segment at once. Debian's vpcd sends the length
// and the body of a message separately: with a delayed acknowledgement Nagle's algorithm holds
// the body back for about 40 ms. The option is not permanent (tcp(7)), so it is set before each read.
// It only saves time; a failure is not worth losing the card over.
func quickAck(conn *net.TCPConn) {
	raw, err := conn.SyscallConn()
	if err != nil {
		return
	}
	_ = raw.Control(func(fd uintptr) {
		_ = syscall.SetsockoptInt(int(fd), syscall.IPPROTO_TCP, syscall.TCP_QUICKACK, 1)
	})
}
