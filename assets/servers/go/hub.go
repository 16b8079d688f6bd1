package main

import (
	"fmt"
	"net/http"
	"os"
	"sync"
	"time"

	"github.com/gorilla/websocket"
)

// Longest message, and most that may wait for one member, in bytes.
const messageLimit, waitingLimit = 1 << 20, 4 << 20

var upgrader = websocket.Upgrader{
	ReadBufferSize:    1024,
	WriteBufferPool:   &sync.Pool{},
	CheckOrigin:       func(*http.Request) bool { return true },
	EnableCompression: os.Getenv("C1M_DEFLATE") == "1",
}

// hub knows all clients, and which of them are members.
type hub struct {
	// Held for reading while a client is upgraded: a publisher waits, so that a client that has its 101 is a member.
	joining sync.RWMutex
	mu      sync.Mutex
	clients map[*client]bool // true: a member
	closing bool
	reading sync.WaitGroup
}

// serve upgrades clients: members get their own messages back, publishers an answer to each.
func (h *hub) serve(member bool) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		h.joining.RLock()
		defer h.joining.RUnlock()
		if conn, err := upgrader.Upgrade(w, r, nil); err == nil {
			conn.SetReadLimit(messageLimit)
			c := &client{conn: conn}
			h.mu.Lock()
			defer h.mu.Unlock()
			if h.closing {
				conn.Close()
				return
			}
			h.clients[c] = member
			// A new goroutine, because net/http's own has grown its stack, and would keep it.
			h.reading.Go(func() { h.read(c, member) })
		}
	}
}

// read answers every message until the client is gone.
func (h *hub) read(c *client, member bool) {
	for {
		kind, data, err := c.conn.ReadMessage()
		if err == nil && !member {
			kind, data = websocket.TextMessage, h.publish(kind, data)
		}
		if err != nil || c.write(kind, data) != nil {
			break
		}
	}
	c.conn.Close()
	h.mu.Lock()
	delete(h.clients, c)
	h.mu.Unlock()
}

// publish sends to every member, and returns the publisher's answer.
func (h *hub) publish(kind int, data []byte) []byte {
	began := time.Now()
	// It fails for kinds that are no message, and this is one.
	message, _ := websocket.NewPreparedMessage(kind, data)
	h.joining.Lock()
	defer h.joining.Unlock()
	h.mu.Lock()
	defer h.mu.Unlock()
	members, failed := 0, 0
	for c, member := range h.clients {
		if !member {
			continue
		}
		members++
		if !c.send(message, len(data)) {
			failed++
			delete(h.clients, c)
		}
	}
	return fmt.Appendf(nil, "sent %d %d %d", members, failed, time.Since(began).Microseconds())
}

// close sends 1001 to all, and returns when they are gone; those that have not answered in time are cut off.
func (h *hub) close(timeout time.Duration) {
	goingAway := websocket.FormatCloseMessage(websocket.CloseGoingAway, "")
	h.mu.Lock()
	h.closing = true
	for c := range h.clients {
		go c.conn.WriteControl(websocket.CloseMessage, goingAway, time.Now().Add(timeout))
		time.AfterFunc(timeout, func() { c.conn.Close() })
	}
	h.mu.Unlock()
	h.reading.Wait()
}

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
	c.mu.Lock()
	defer c.mu.Unlock()
	for len(c.queue) > 0 {
		next := c.queue[0]
		c.mu.Unlock()
		// An error ends the connection, and its reader finds out.
		c.conn.WritePreparedMessage(next.message)
		c.mu.Lock()
		c.waiting -= next.size
		c.queue = c.queue[1:]
	}
	c.queue = nil
}
