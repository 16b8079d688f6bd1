package main

import (
	"sync"

	"github.com/gorilla/websocket"
)

const (
	// Longest message in bytes.
	messageLimit = 1 << 20
	// Most bytes that may wait for one member.
	waitingLimit = 4 << 20
)

// client is a connection. Broadcasts wait in its queue; the goroutine that writes them lives only while some do.
type client struct {
	conn *websocket.Conn
	// Held while a message is written: gorilla supports one writer at a time.
	writing sync.Mutex

	mu      sync.Mutex
	queue   []queued
	waiting int
}

type queued struct {
	message *websocket.PreparedMessage
	size    int
}

// write sends a message from the reading goroutine: a client that does not read what it gets is not read from.
func (c *client) write(kind int, data []byte) error {
	c.writing.Lock()
	defer c.writing.Unlock()
	return c.conn.WriteMessage(kind, data)
}

// send queues a broadcast; a client for which too much waits is cut off, and false is returned.
func (c *client) send(message *websocket.PreparedMessage, size int) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.waiting+size > waitingLimit {
		c.conn.Close()
		return false
	}
	c.queue = append(c.queue, queued{message, size})
	c.waiting += size
	if len(c.queue) == 1 {
		go c.drain()
	}
	return true
}

// drain writes what waits, the first of the queue until there is none.
func (c *client) drain() {
	c.writing.Lock()
	defer c.writing.Unlock()
	for {
		c.mu.Lock()
		next := c.queue[0]
		c.mu.Unlock()
		// An error ends the connection, and its reader finds out.
		if c.conn.WritePreparedMessage(next.message) != nil {
			c.conn.Close()
		}
		c.mu.Lock()
		c.waiting -= next.size
		c.queue = c.queue[1:]
		if len(c.queue) == 0 {
			c.queue = nil
			c.mu.Unlock()
			return
		}
		c.mu.Unlock()
	}
}
