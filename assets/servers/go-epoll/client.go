package main

import (
	"net"
	"sync"
)

// Most bytes of broadcasts that may wait for one client.
const waitingLimit = 4 << 20

// client is a connection. Broadcasts wait in its queue; the goroutine that writes them lives only while some do.
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

// send queues a broadcast; a client for which too much waits is cut off, and false is returned.
func (c *client) send(frame []byte) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.waiting+len(frame) > waitingLimit {
		c.cutOff()
		return false
	}
	c.queue = append(c.queue, frame)
	c.waiting += len(frame)
	if len(c.queue) == 1 {
		go c.drain()
	}
	return true
}

// drain writes what waits, the first of the queue until there is none.
func (c *client) drain() {
	c.mu.Lock()
	defer c.mu.Unlock()
	for len(c.queue) > 0 {
		next := c.queue[0]
		c.mu.Unlock()
		// An error ends the connection, and its reader finds out.
		c.Write(next)
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
