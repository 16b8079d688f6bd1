package main

import (
	"net"
	"sync"

	"golang.org/x/sys/unix"
)

// Most bytes of broadcasts that may wait for one client.
const waitingLimit = 4 << 20

// client is a connection. What it does not take at once waits in its queue; the goroutine that writes it lives only while some does.
type client struct {
	*net.TCPConn
	fd        int
	publisher bool
	// With the hub's lock: whether broadcasts go to it.
	member bool
	// Held while a frame is written.
	writing sync.Mutex

	mu      sync.Mutex
	queue   [][]byte
	waiting int
}

func newClient(conn *net.TCPConn) *client {
	c := &client{TCPConn: conn}
	// They fail only for a connection that is closed.
	raw, _ := conn.SyscallConn()
	raw.Control(func(fd uintptr) { c.fd = int(fd) })
	return c
}

// Write writes a frame from the reading goroutine: a client that does not read what it gets is not read from.
func (c *client) Write(frame []byte) (int, error) {
	c.writing.Lock()
	defer c.writing.Unlock()
	return c.TCPConn.Write(frame)
}

// send writes what the client takes at once, and queues the rest; a client for which too much waits is cut off, and false is
// returned. The hub's lock is held, so that the descriptor is not closed meanwhile.
func (c *client) send(frame []byte) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.waiting+len(frame) > waitingLimit {
		c.cutOff()
		return false
	}
	begun := len(c.queue) == 0 && c.writing.TryLock()
	if begun {
		n, _ := unix.Write(c.fd, frame)
		if frame = frame[max(n, 0):]; len(frame) == 0 {
			c.writing.Unlock()
			return true
		}
	}
	c.queue = append(c.queue, frame)
	c.waiting += len(frame)
	if len(c.queue) == 1 {
		go c.drain(begun)
	}
	return true
}

// drain writes what waits, the first of the queue until there is none.
func (c *client) drain(begun bool) {
	if !begun {
		c.writing.Lock()
	}
	defer c.writing.Unlock()
	c.mu.Lock()
	defer c.mu.Unlock()
	for len(c.queue) > 0 {
		next := c.queue[0]
		c.mu.Unlock()
		// An error ends the connection, and its reader finds out.
		c.TCPConn.Write(next)
		c.mu.Lock()
		c.waiting -= len(next)
		c.queue = c.queue[1:]
	}
	c.queue = nil
}

// cutOff ends the connection, but not its descriptor: its reader finds out, and closes it.
func (c *client) cutOff() {
	c.CloseRead()
	c.CloseWrite()
}
