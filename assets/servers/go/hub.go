package main

import (
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

func (h *hub) routes() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("/{$}", h.serve(h.readMember))
	mux.HandleFunc("/publish", h.serve(h.readPublisher))
	return mux
}

// serve upgrades a request and reads the connection in a goroutine of its own: that of net/http has grown its stack,
// and would keep it as long as the connection lives.
func (h *hub) serve(read func(*websocket.Conn) error) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		conn, err := h.upgrader.Upgrade(w, r, nil)
		if err != nil {
			return
		}
		conn.SetReadLimit(messageLimit)
		if !h.add(conn) {
			conn.Close()
			return
		}
		go func() {
			hangUp(conn, read(conn))
			h.remove(conn)
		}()
	}
}

func (h *hub) add(conn *websocket.Conn) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.closing {
		return false
	}
	h.all[conn] = struct{}{}
	h.open.Add(1)
	return true
}

func (h *hub) remove(conn *websocket.Conn) {
	h.mu.Lock()
	delete(h.all, conn)
	h.mu.Unlock()
	h.open.Done()
}

func (h *hub) readMember(conn *websocket.Conn) error {
	m := &member{conn: conn}
	// The answer to a close follows what waits, and does not overtake it as gorilla's own would.
	conn.SetCloseHandler(func(code int, _ string) error {
		m.flush()
		sendClose(conn, code, time.Now().Add(sendTimeout))
		return nil
	})
	h.mu.Lock()
	h.members[m] = struct{}{}
	h.mu.Unlock()
	defer func() {
		h.mu.Lock()
		delete(h.members, m)
		h.mu.Unlock()
		m.finish()
	}()
	for {
		kind, data, err := readMessage(conn)
		if err != nil {
			return err
		}
		m.echo(kind, data)
	}
}

func (h *hub) readPublisher(conn *websocket.Conn) error {
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
