package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"runtime"
	"slices"
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
	mu      sync.Mutex
	clients map[int]*client
	open    sync.WaitGroup
}

func (h *hub) accept(listener net.Listener) {
	for {
		conn, err := listener.Accept()
		switch {
		case err == nil:
			go h.upgrade(newClient(conn.(*net.TCPConn)))
		case errors.Is(err, net.ErrClosed):
			return
		default: // Such as no more descriptors.
			time.Sleep(10 * time.Millisecond)
		}
	}
}

// upgrade has gobwas answer the request. The client is known before it gets its 101: what is published meanwhile waits.
func (h *hub) upgrade(c *client) {
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
			defer h.mu.Unlock()
			c.member = !c.publisher
			h.clients[c.fd] = c
			h.open.Add(1)
			return nil, nil
		},
	}
	c.SetDeadline(time.Now().Add(upgradeTimeout))
	c.writing.Lock()
	_, err := upgrader.Upgrade(struct {
		io.Reader
		io.Writer
	}{io.LimitReader(c.TCPConn, requestLimit), c.TCPConn})
	c.writing.Unlock()
	c.SetDeadline(time.Time{})
	h.await(c, unix.EPOLL_CTL_ADD, err)
}

// await has epoll wait for what the client sends next; after an error the client is removed.
func (h *hub) await(c *client, operation int, err error) {
	if err == nil {
		err = unix.EpollCtl(h.epoll, operation, c.fd, &unix.EpollEvent{Events: readable, Fd: int32(c.fd)})
	}
	if err == nil {
		return
	}
	h.mu.Lock()
	if h.clients[c.fd] == c {
		delete(h.clients, c.fd)
		h.open.Done()
	}
	h.mu.Unlock()
	c.Close()
}

// wait has every client that has sent something read in a goroutine, which lives until all of that is dealt with.
func (h *hub) wait() {
	events := make([]unix.EpollEvent, 1024)
	for {
		n, _ := unix.EpollWait(h.epoll, events, -1)
		h.mu.Lock()
		for _, event := range events[:max(n, 0)] {
			if c := h.clients[int(event.Fd)]; c != nil {
				go h.serve(c)
			}
		}
		h.mu.Unlock()
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
	h.await(c, unix.EPOLL_CTL_MOD, err)
}

// read deals with one message or control frame: members get their own messages back, publishers an answer to each.
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
	// It fails for control frames that are too long, and this is none.
	frame := ws.MustCompileFrame(ws.NewFrame(header.OpCode, true, payload))
	if c.publisher {
		frame = ws.MustCompileFrame(ws.NewTextFrame(h.publish(frame)))
	}
	_, err = c.Write(frame)
	return err
}

// publish sends to every member, on all processors, and returns the publisher's answer.
func (h *hub) publish(frame []byte) []byte {
	began := time.Now()
	h.mu.Lock()
	defer h.mu.Unlock()
	var members []*client
	for _, c := range h.clients {
		if c.member {
			members = append(members, c)
		}
	}
	var failed atomic.Int64
	var sending sync.WaitGroup
	for share := range slices.Chunk(members, len(members)/runtime.GOMAXPROCS(0)+1) {
		sending.Go(func() {
			for _, c := range share {
				if c.member = c.send(frame); !c.member {
					failed.Add(1)
				}
			}
		})
	}
	sending.Wait()
	return fmt.Appendf(nil, "sent %d %d %d", len(members), failed.Load(), time.Since(began).Microseconds())
}

// close sends 1001 to all, and returns when they are gone; those that have not answered in time are cut off.
func (h *hub) close(timeout time.Duration) {
	goingAway := ws.MustCompileFrame(ws.NewCloseFrame(ws.NewCloseFrameBody(ws.StatusGoingAway, "")))
	h.mu.Lock()
	for _, c := range h.clients {
		c.send(goingAway)
		time.AfterFunc(timeout, c.cutOff)
	}
	h.mu.Unlock()
	h.open.Wait()
}
