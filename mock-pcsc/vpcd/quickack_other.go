//go:build !linux

package vpcd

import "net"

// quickAck does nothing where there is no such socket option.
func quickAck(*net.TCPConn) {}
