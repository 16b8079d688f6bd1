package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/gobwas/ws"
	"github.com/gobwas/ws/wsutil"
	"golang.org/x/sys/unix"
)

const (
	// Longest message in bytes.
	messageLimit = 1 << 20
	// Longest request for an upgrade in bytes, and how long a client may take for it.
	requestLimit   = 16 << 10
	upgradeTimeout = time.Minute
	// A client is waited for once; then it is read until all that has come is dealt with.
	readable = unix.EPOLLIN | unix.EPOLLRDHUP | unix.EPOLLONESHOT
)

var readers = sync.Pool{New: func() any { return bufio.NewReader(nil) }}

// hub knows all clients by their descriptor, and waits with epoll until one of them has sent something.
type hub struct {
	epoll   int
	mu      sync.RWMutex
	clients map[int]*client
}

func newHub() (*hub, error) {
	epoll, err := unix.EpollCreate1(unix.EPOLL_CLOEXEC)
	return &hub{epoll: epoll, clients: make(map[int]*client)}, err
}

func (h *hub) accept(listener net.Listener) {
	for {
		conn, err := listener.Accept()
		if errors.Is(err, net.ErrClosed) {
			return
		}
		if err != nil {
			time.Sleep(10 * time.Millisecond)
			continue
		}
		go h.upgrade(conn.(*net.TCPConn))
	}
}

// upgrade has gobwas answer the request. The client is known before it gets its 101: what is published meanwhile waits.
func (h *hub) upgrade(conn *net.TCPConn) {
	c := newClient(conn)
	upgrader := ws.Upgrader{
		OnRequest: func(uri []byte) error {
			path, _, _ := strings.Cut(string(uri), "?")
			c.publisher = path == "/publish"
			if path != "/" && !c.publisher {
				return ws.RejectConnectionError(ws.RejectionStatus(http.StatusNotFound))
			}
			return nil
		},
		OnBeforeUpgrade: func() (ws.HandshakeHeader, error) {
			h.mu.Lock()
			h.clients[c.fd] = c
			h.mu.Unlock()
			return nil, nil
		},
	}
	conn.SetDeadline(time.Now().Add(upgradeTimeout))
	_, err := upgrader.Upgrade(struct {
		io.Reader
		io.Writer
	}{io.LimitReader(conn, requestLimit), conn})
	conn.SetDeadline(time.Time{})
	if err == nil {
		c.drain(true)
		err = unix.EpollCtl(h.epoll, unix.EPOLL_CTL_ADD, c.fd, &unix.EpollEvent{Events: readable, Fd: int32(c.fd)})
	}
	if err != nil {
		h.remove(c)
	}
}

// wait has every client that has sent something read in a goroutine, which lives until all of that is dealt with.
func (h *hub) wait() {
	events := make([]unix.EpollEvent, 1024)
	for {
		n, _ := unix.EpollWait(h.epoll, events, -1)
		h.mu.RLock()
		for _, event := range events[:max(n, 0)] {
			if c := h.clients[int(event.Fd)]; c != nil {
				go h.serve(c)
			}
		}
		h.mu.RUnlock()
	}
}

func (h *hub) serve(c *client) {
	reader := readers.Get().(*bufio.Reader)
	reader.Reset(c.TCPConn)
	err := h.read(c, reader)
	for err == nil && reader.Buffered() > 0 {
		err = h.read(c, reader)
	}
	reader.Reset(nil)
	readers.Put(reader)
	if err == nil {
		err = unix.EpollCtl(h.epoll, unix.EPOLL_CTL_MOD, c.fd, &unix.EpollEvent{Events: readable, Fd: int32(c.fd)})
	}
	if err != nil {
		h.remove(c)
	}
}

// read deals with one message or control frame.
func (h *hub) read(c *client, source io.Reader) error {
	control := wsutil.ControlFrameHandler(c, ws.StateServerSide)
	reader := wsutil.Reader{
		Source:         source,
		State:          ws.StateServerSide,
		CheckUTF8:      true,
		MaxFrameSize:   messageLimit,
		MaxMessageSize: messageLimit,
		OnIntermediate: control,
	}
	header, err := reader.NextFrame()
	if err != nil {
		return err
	}
	if header.OpCode.IsControl() {
		return control(header, &reader)
	}
	payload, err := io.ReadAll(&reader)
	if err != nil {
		return err
	}
	frame, err := ws.CompileFrame(ws.NewFrame(header.OpCode, true, payload))
	if err == nil && c.publisher {
		frame, err = ws.CompileFrame(ws.NewTextFrame([]byte(h.publish(frame))))
	}
	if err == nil {
		_, err = c.Write(frame)
	}
	return err
}

func (h *hub) remove(c *client) {
	h.mu.Lock()
	if h.clients[c.fd] == c {
		delete(h.clients, c.fd)
	}
	h.mu.Unlock()
	c.Close()
}

// publish sends to every member, on all processors, and returns the publisher's answer.
func (h *hub) publish(frame []byte) string {
	began := time.Now()
	var members []*client
	h.mu.RLock()
	for _, c := range h.clients {
		if !c.publisher {
			members = append(members, c)
		}
	}
	h.mu.RUnlock()
	var failed atomic.Int64
	var sending sync.WaitGroup
	share := len(members)/runtime.GOMAXPROCS(0) + 1
	for rest := members; len(rest) > 0; rest = rest[min(share, len(rest)):] {
		sending.Go(func() {
			for _, c := range rest[:min(share, len(rest))] {
				if !c.send(frame) {
					failed.Add(1)
				}
			}
		})
	}
	sending.Wait()
	return fmt.Sprintf("sent %d %d %d", len(members), failed.Load(), time.Since(began).Microseconds())
}

// close sends 1001 to all, and returns when they are gone or have had their time.
func (h *hub) close(timeout time.Duration) {
	goingAway := ws.MustCompileFrame(ws.NewCloseFrame(ws.NewCloseFrameBody(ws.StatusGoingAway, "")))
	h.mu.RLock()
	for _, c := range h.clients {
		c.send(goingAway)
	}
	h.mu.RUnlock()
	for deadline := time.Now().Add(timeout); h.count() > 0 && time.Now().Before(deadline); {
		time.Sleep(10 * time.Millisecond)
	}
}

func (h *hub) count() int {
	h.mu.RLock()
	defer h.mu.RUnlock()
	return len(h.clients)
}
