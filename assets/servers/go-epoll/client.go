package main

import (
	"net"
	"slices"
	"sync"
	"syscall"

	"golang.org/x/sys/unix"
)

// Most bytes that may wait for one client.
const waitingLimit = 4 << 20

// client is a connection. What it cannot take at once waits in its queue, and a goroutine writes it.
type client struct {
	*net.TCPConn
	raw       syscall.RawConn
	fd        int
	publisher bool

	mu      sync.Mutex
	queue   [][]byte
	waiting int
	writing bool
}

// newClient counts as being written to, since its 101 is.
func newClient(conn *net.TCPConn) *client {
	c := &client{TCPConn: conn, writing: true}
	// Both fail only when the connection is closed.
	c.raw, _ = conn.SyscallConn()
	c.raw.Control(func(fd uintptr) { c.fd = int(fd) })
	return c
}

// Write writes a whole frame, and returns when the client has taken it or others write to it.
func (c *client) Write(frame []byte) (int, error) {
	first, ok := c.push(slices.Clone(frame))
	if !ok {
		return 0, net.ErrClosed
	}
	if first {
		c.drain(true)
	}
	return len(frame), nil
}

// send writes what the client takes at once, and leaves the rest to a goroutine. It returns false for a client for which too much
// waits, which is cut off.
func (c *client) send(frame []byte) bool {
	first, ok := c.push(frame)
	if first {
		c.drain(false)
	}
	return ok
}

// push queues a frame, and tells whether it is for the caller to write the queue.
func (c *client) push(frame []byte) (first, ok bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.waiting+len(frame) > waitingLimit {
		c.cutOff()
		return false, false
	}
	c.queue = append(c.queue, frame)
	c.waiting += len(frame)
	first = !c.writing
	c.writing = true
	return first, true
}

// drain writes the queue until nothing waits.
func (c *client) drain(block bool) {
	for {
		c.mu.Lock()
		if len(c.queue) == 0 {
			c.queue = nil
			c.writing = false
			c.mu.Unlock()
			return
		}
		frame := c.queue[0]
		c.mu.Unlock()

		n := len(frame)
		if !block {
			n = c.writeNow(frame)
		} else if _, err := c.TCPConn.Write(frame); err != nil {
			c.cutOff()
		}

		c.mu.Lock()
		c.waiting -= n
		if n < len(frame) {
			c.queue[0] = frame[n:]
			c.mu.Unlock()
			go c.drain(true)
			return
		}
		c.queue = c.queue[1:]
		c.mu.Unlock()
	}
}

// writeNow returns how many bytes the kernel has taken at once.
func (c *client) writeNow(frame []byte) int {
	n := 0
	c.raw.Write(func(fd uintptr) bool {
		n, _ = unix.Write(int(fd), frame)
		return true
	})
	return max(n, 0)
}

// cutOff ends the connection. Whoever reads it finds out, and closes it.
func (c *client) cutOff() {
	c.CloseRead()
	c.CloseWrite()
}
