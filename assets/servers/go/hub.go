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
	// Held for reading while a member is upgraded: a publisher waits, so that a client that has its 101 is a member.
	joining sync.RWMutex
	mu      sync.Mutex
	clients map[*client]bool // true: a member
}

func newHub() *hub {
	return &hub{clients: make(map[*client]bool)}
}

func (h *hub) serveMember(w http.ResponseWriter, r *http.Request) {
	h.joining.RLock()
	c := h.upgrade(w, r, true)
	h.joining.RUnlock()
	if c != nil {
		// A new goroutine, because net/http's own has grown its stack, and would keep it.
		go h.read(c, c.write)
	}
}

func (h *hub) servePublisher(w http.ResponseWriter, r *http.Request) {
	if c := h.upgrade(w, r, false); c != nil {
		go h.read(c, func(kind int, data []byte) error {
			return c.write(websocket.TextMessage, []byte(h.publish(kind, data)))
		})
	}
}

// upgrade returns nil when gorilla has refused the request.
func (h *hub) upgrade(w http.ResponseWriter, r *http.Request, member bool) *client {
	conn, err := upgrader.Upgrade(w, r, nil)
	if err != nil {
		return nil
	}
	conn.SetReadLimit(messageLimit)
	c := &client{conn: conn}
	h.mu.Lock()
	h.clients[c] = member
	h.mu.Unlock()
	return c
}

// read hands every message to handle until the client is gone.
func (h *hub) read(c *client, handle func(kind int, data []byte) error) {
	for {
		kind, data, err := c.conn.ReadMessage()
		if err != nil || handle(kind, data) != nil {
			break
		}
	}
	c.conn.Close()
	h.mu.Lock()
	delete(h.clients, c)
	h.mu.Unlock()
}

// publish sends to every member, and returns the publisher's answer.
func (h *hub) publish(kind int, data []byte) string {
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
	return fmt.Sprintf("sent %d %d %d", members, failed, time.Since(began).Microseconds())
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
