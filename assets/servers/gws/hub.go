package main

import (
	"fmt"
	"net/http"
	"sync"
	"time"

	"github.com/lxzan/gws"
)

const (
	// Longest message in bytes.
	messageLimit = 1 << 20
	// Most bytes of broadcasts that may wait for one member.
	waitingLimit = 4 << 20
)

var options = &gws.ServerOption{ReadBufferSize: 1024, ReadMaxPayloadSize: messageLimit, CheckUtf8Enabled: true}

// hub knows all members. It is the handler of their events.
type hub struct {
	gws.BuiltinEventHandler
	publishers publishers
	// Held for reading while a member is upgraded: a publisher waits, so that a client that has its 101 is a member.
	joining sync.RWMutex
	mu      sync.Mutex
	members map[*gws.Conn]*waiting
}

// waiting counts what is queued for a member.
type waiting struct {
	mu    sync.Mutex
	bytes int
}

func (w *waiting) add(bytes int) int {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.bytes += bytes
	return w.bytes
}

// publishers are the other clients, and handles their events.
type publishers struct {
	gws.BuiltinEventHandler
	hub   *hub
	conns gws.ConcurrentMap[*gws.Conn, bool]
}

func newHub() *hub {
	h := &hub{members: make(map[*gws.Conn]*waiting)}
	h.publishers.hub = h
	h.publishers.conns = *gws.NewConcurrentMap[*gws.Conn, bool]()
	return h
}

func (h *hub) serveMembers() http.HandlerFunc {
	upgrader := gws.NewUpgrader(h, options)
	return func(w http.ResponseWriter, r *http.Request) {
		h.joining.RLock()
		defer h.joining.RUnlock()
		conn, err := upgrader.Upgrade(w, r)
		if err != nil {
			return
		}
		h.mu.Lock()
		h.members[conn] = &waiting{}
		h.mu.Unlock()
		// net/http's goroutine would keep the request in memory.
		go conn.ReadLoop()
	}
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
	delete(h.members, conn)
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
	addressed, failed := len(h.members), 0
	for conn, waiting := range h.members {
		if waiting.add(len(data)) > waitingLimit {
			failed++
			delete(h.members, conn)
			conn.NetConn().Close()
			continue
		}
		broadcaster.Broadcast(conn)
		// It is called in the order of the queue: when the broadcast has been written.
		conn.Async(func() { waiting.add(-len(data)) })
	}
	return fmt.Sprintf("sent %d %d %d", addressed, failed, time.Since(began).Microseconds())
}

func (p *publishers) serve() http.HandlerFunc {
	upgrader := gws.NewUpgrader(p, options)
	return func(w http.ResponseWriter, r *http.Request) {
		if conn, err := upgrader.Upgrade(w, r); err == nil {
			p.conns.Store(conn, true)
			go conn.ReadLoop()
		}
	}
}

func (p *publishers) OnPing(conn *gws.Conn, payload []byte) { conn.WritePong(payload) }

func (p *publishers) OnMessage(conn *gws.Conn, message *gws.Message) {
	// The message's memory is used again after Close, and members may get it later.
	data := append([]byte(nil), message.Bytes()...)
	message.Close()
	conn.WriteString(p.hub.publish(message.Opcode, data))
}

func (p *publishers) OnClose(conn *gws.Conn, _ error) { p.conns.Delete(conn) }

// close sends 1001 to all and closes their connections, those that cannot take it after a while.
func (h *hub) close(timeout time.Duration) {
	var closing sync.WaitGroup
	goodbye := func(conn *gws.Conn) {
		closing.Add(1)
		go func() {
			defer closing.Done()
			conn.SetDeadline(time.Now().Add(timeout))
			conn.WriteClose(1001, nil)
		}()
	}
	h.mu.Lock()
	for conn := range h.members {
		goodbye(conn)
	}
	h.mu.Unlock()
	h.publishers.conns.Range(func(conn *gws.Conn, _ bool) bool {
		goodbye(conn)
		return true
	})
	closing.Wait()
}
