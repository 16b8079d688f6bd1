package main

import (
	"fmt"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"github.com/lxzan/gws"
)

const (
	// Longest message in bytes.
	messageLimit = 1 << 20
	// Most bytes of broadcasts that may wait for one member.
	waitingLimit = 4 << 20
)

var options = &gws.ServerOption{ReadBufferSize: 1024, ReadMaxPayloadSize: messageLimit}

// hub knows all clients, and handles the events of members.
type hub struct {
	gws.BuiltinEventHandler
	// Held for reading while a member is upgraded: a publisher waits, so that a client that has its 101 is a member.
	joining sync.RWMutex
	mu      sync.Mutex
	// With the bytes that wait for a member; nil for a publisher.
	clients map[*gws.Conn]*atomic.Int64
}

// publishers handles the events of publishers.
type publishers struct{ *hub }

func (h *hub) serveMembers() http.HandlerFunc {
	upgrader := gws.NewUpgrader(h, options)
	return func(w http.ResponseWriter, r *http.Request) {
		h.joining.RLock()
		defer h.joining.RUnlock()
		if conn, err := upgrader.Upgrade(w, r); err == nil {
			h.add(conn, new(atomic.Int64))
			go read(conn, h)
		}
	}
}

func (h *hub) servePublishers() http.HandlerFunc {
	handler := publishers{h}
	upgrader := gws.NewUpgrader(handler, options)
	return func(w http.ResponseWriter, r *http.Request) {
		if conn, err := upgrader.Upgrade(w, r); err == nil {
			h.add(conn, nil)
			go read(conn, handler)
		}
	}
}

func (h *hub) add(conn *gws.Conn, waiting *atomic.Int64) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.clients[conn] = waiting
}

// read takes what a client sends, in a goroutine of its own: net/http's would keep the request in memory.
func read(conn *gws.Conn, handler gws.Event) {
	defer func() {
		// gws 1.8.9 panics on a frame whose length has its highest bit set: that ends this connection, and not the server.
		if recover() != nil {
			conn.NetConn().Close()
			handler.OnClose(conn, nil)
		}
	}()
	conn.ReadLoop()
}

func (h *hub) OnPing(conn *gws.Conn, payload []byte) { conn.WritePong(payload) }

// OnMessage echoes. The write blocks, and so a client that does not read its echoes is not read from.
func (h *hub) OnMessage(conn *gws.Conn, message *gws.Message) {
	defer message.Close()
	conn.WriteMessage(message.Opcode, message.Bytes())
}

func (h *hub) OnClose(conn *gws.Conn, _ error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	delete(h.clients, conn)
}

func (p publishers) OnMessage(conn *gws.Conn, message *gws.Message) {
	// The message's memory is used again after Close, and members may get it later.
	data := append([]byte(nil), message.Bytes()...)
	message.Close()
	conn.WriteString(p.publish(message.Opcode, data))
}

// publish sends to every member, and returns the publisher's answer. A member for which too much waits is cut off.
func (h *hub) publish(opcode gws.Opcode, data []byte) string {
	began := time.Now()
	broadcaster := gws.NewBroadcaster(opcode, data)
	defer broadcaster.Close()
	h.joining.Lock()
	defer h.joining.Unlock()
	h.mu.Lock()
	defer h.mu.Unlock()
	size := int64(len(data))
	addressed, failed := 0, 0
	for conn, waiting := range h.clients {
		if waiting == nil {
			continue
		}
		addressed++
		if waiting.Add(size) > waitingLimit {
			failed++
			delete(h.clients, conn)
			conn.NetConn().Close()
			continue
		}
		broadcaster.Broadcast(conn)
		// It is called in the order of the queue: when the broadcast has been written.
		conn.Async(func() { waiting.Add(-size) })
	}
	return fmt.Sprintf("sent %d %d %d", addressed, failed, time.Since(began).Microseconds())
}

// close sends 1001 to all, and closes the connections of those that cannot take it after a while.
func (h *hub) close(timeout time.Duration) {
	h.mu.Lock()
	defer h.mu.Unlock()
	var closing sync.WaitGroup
	for conn := range h.clients {
		closing.Go(func() {
			conn.SetDeadline(time.Now().Add(timeout))
			conn.WriteClose(1001, nil)
		})
	}
	closing.Wait()
}
