package main

import (
	"bufio"
	"net"
	"net/http"
	"sync"
	"time"

	"github.com/gorilla/websocket"
)

const (
	// Longest message in bytes: the least that the lab asks for.
	messageLimit = 1 << 20
	// A connection's reading buffer; longer messages are read in pieces.
	readBufferSize = 1 << 10
	// Broadcasts of one publisher that may wait for their answer before it is no longer read from.
	unansweredLimit = 1 << 10
)

// hub knows all connections, and which of them are members.
type hub struct {
	upgrader websocket.Upgrader

	mu      sync.Mutex
	closing bool
	members map[*member]struct{}
	all     map[*websocket.Conn]struct{}
	open    sync.WaitGroup
}

func newHub() *hub {
	return &hub{
		upgrader: websocket.Upgrader{
			ReadBufferSize:  readBufferSize,
			WriteBufferPool: &sync.Pool{},
			CheckOrigin:     func(*http.Request) bool { return true },
		},
		members: make(map[*member]struct{}),
		all:     make(map[*websocket.Conn]struct{}),
	}
}

// ServeHTTP picks by path. A ServeMux would do so too, but answers a path that it deems unclean, such as `//`, with a redirect.
func (h *hub) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	switch {
	case r.URL.Path != "/" && r.URL.Path != "/publish":
		http.NotFound(w, r)
	case !r.ProtoAtLeast(1, 1):
		// gorilla would answer HTTP/1.0 with a 101 too.
		http.Error(w, "an upgrade takes HTTP/1.1", http.StatusBadRequest)
	case r.URL.Path == "/":
		h.serveMember(w, r)
	default:
		h.servePublisher(w, r)
	}
}

// serveMember upgrades a request. Who has its 101 is a member: it joins before that is written, and what is published
// meanwhile waits.
func (h *hub) serveMember(w http.ResponseWriter, r *http.Request) {
	m := newMember()
	conn := h.upgrade(w, r, m)
	if conn == nil {
		return
	}
	m.begin(conn)
	h.add(conn)
	// net/http's own goroutine has grown its stack, and would keep it as long as the connection lives.
	go func() {
		hangUp(conn, h.readMember(m))
		h.remove(conn)
	}()
}

func (h *hub) servePublisher(w http.ResponseWriter, r *http.Request) {
	conn := h.upgrade(w, r, nil)
	if conn == nil {
		return
	}
	h.add(conn)
	go func() {
		hangUp(conn, h.readPublisher(conn))
		h.remove(conn)
	}()
}

// upgrade returns nil when the request is refused or the server stops.
func (h *hub) upgrade(w http.ResponseWriter, r *http.Request, m *member) *websocket.Conn {
	enter := &enteringWriter{ResponseWriter: w, hub: h, member: m}
	conn, err := h.upgrader.Upgrade(enter, r, nil)
	if err == nil && enter.entered {
		return conn
	}
	if err == nil {
		conn.Close()
	} else if enter.entered {
		if m != nil {
			h.leave(m)
		}
		h.open.Done()
	}
	return nil
}

// enteringWriter counts a connection in when gorilla takes it over: its request is good then, and the 101 comes next.
type enteringWriter struct {
	http.ResponseWriter
	hub *hub
	// Nil for a publisher.
	member  *member
	entered bool
}

func (w *enteringWriter) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	conn, buffers, err := w.ResponseWriter.(http.Hijacker).Hijack()
	if err == nil {
		w.entered = w.hub.enter(w.member)
	}
	return conn, buffers, err
}

// enter has the server wait for one more connection when it stops, unless it is stopping already.
func (h *hub) enter(m *member) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.closing {
		return false
	}
	h.open.Add(1)
	if m != nil {
		h.members[m] = struct{}{}
	}
	return true
}

// add takes in a connection that has entered. One that comes when the others have been sent 1001 is sent it here.
func (h *hub) add(conn *websocket.Conn) {
	conn.SetReadLimit(messageLimit)
	h.mu.Lock()
	h.all[conn] = struct{}{}
	closing := h.closing
	h.mu.Unlock()
	if closing {
		sendClose(conn, websocket.CloseGoingAway, time.Now().Add(sendTimeout))
	}
}

func (h *hub) remove(conn *websocket.Conn) {
	h.mu.Lock()
	delete(h.all, conn)
	h.mu.Unlock()
	h.open.Done()
}

func (h *hub) leave(m *member) {
	h.mu.Lock()
	delete(h.members, m)
	h.mu.Unlock()
	m.finish()
}

func (h *hub) readMember(m *member) error {
	defer h.leave(m)
	for {
		kind, data, err := readMessage(m.conn)
		if err != nil {
			return err
		}
		m.echo(kind, data)
	}
}

func (h *hub) readPublisher(conn *websocket.Conn) error {
	conn.SetPingHandler(func(data string) error { return sendPong(conn, data) })
	// Broadcasts go out as they come in; their answers follow in the same order.
	broadcasts := make(chan *broadcast, unansweredLimit)
	go answer(conn, broadcasts)
	defer close(broadcasts)
	for {
		kind, data, err := readMessage(conn)
		if err != nil {
			return err
		}
		b, err := h.publish(kind, data)
		if err != nil {
			return err
		}
		broadcasts <- b
	}
}

func (h *hub) publish(kind int, data []byte) (*broadcast, error) {
	prepared, err := websocket.NewPreparedMessage(kind, data)
	if err != nil {
		return nil, err
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	b := newBroadcast(len(h.members))
	for m := range h.members {
		m.broadcast(prepared, len(data), b)
	}
	b.done(nil)
	return b, nil
}

// close sends 1001 to everyone and waits until all have gone, or cuts them off when the timeout is over.
func (h *hub) close(timeout time.Duration) {
	deadline := time.Now().Add(timeout)
	h.mu.Lock()
	h.closing = true
	conns := make(chan *websocket.Conn, len(h.all))
	for conn := range h.all {
		conns <- conn
	}
	close(conns)
	h.mu.Unlock()

	gone := make(chan struct{})
	go func() {
		h.open.Wait()
		close(gone)
	}()
	// Several at once, so that clients that take nothing do not use up the time of the others.
	for range 64 {
		go func() {
			for conn := range conns {
				sendClose(conn, websocket.CloseGoingAway, time.Now().Add(timeout/5))
			}
		}()
	}
	select {
	case <-gone:
	case <-time.After(time.Until(deadline)):
	}
}
