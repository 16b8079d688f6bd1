package main

import (
	"fmt"
	"net/http"
	"sync"
	"time"

	"github.com/gorilla/websocket"
)

var upgrader = websocket.Upgrader{
	ReadBufferSize:  1024,
	WriteBufferPool: &sync.Pool{},
	CheckOrigin:     func(*http.Request) bool { return true },
}

// hub knows all clients, and which of them are members.
type hub struct {
	// Held for reading while a client is upgraded: a publisher waits, so that a client that has its 101 is a member.
	joining sync.RWMutex
	mu      sync.Mutex
	clients map[*client]bool // true: a member
}

// serve upgrades clients: members get their own messages back, publishers an answer to each.
func (h *hub) serve(member bool) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		h.joining.RLock()
		defer h.joining.RUnlock()
		conn, err := upgrader.Upgrade(w, r, nil)
		if err != nil {
			return
		}
		conn.SetReadLimit(messageLimit)
		c := &client{conn: conn}
		h.mu.Lock()
		h.clients[c] = member
		h.mu.Unlock()
		// A new goroutine, because net/http's own has grown its stack, and would keep it.
		go h.read(c, member)
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

// close sends 1001 to all, and returns when they are gone or have had their time.
func (h *hub) close(timeout time.Duration) {
	deadline := time.Now().Add(timeout)
	goingAway := websocket.FormatCloseMessage(websocket.CloseGoingAway, "")
	h.mu.Lock()
	for c := range h.clients {
		go c.conn.WriteControl(websocket.CloseMessage, goingAway, deadline)
	}
	h.mu.Unlock()
	for h.count() > 0 && time.Now().Before(deadline) {
		time.Sleep(10 * time.Millisecond)
	}
}

func (h *hub) count() int {
	h.mu.Lock()
	defer h.mu.Unlock()
	return len(h.clients)
}
