package main

import (
	"errors"
	"fmt"
	"log"
	"sync"
	"sync/atomic"
	"time"

	"github.com/gobwas/ws"
	"golang.org/x/sys/unix"
)

// How long accepting pauses when the process has no descriptor left.
const acceptPause = 10 * time.Millisecond

// server accepts connections and deals them out to its loops.
type server struct {
	listener int
	loops    []*loop
	accepted chan struct{}
	open     sync.WaitGroup
}

// listen opens the listening socket and starts the loops. Connections get no keep-alive probes: the sockets are made
// here, and not by package net, which would turn them on.
func listen(env environment, loops int) (*server, error) {
	var family int
	var address unix.Sockaddr
	if env.address.Is4() {
		family, address = unix.AF_INET, &unix.SockaddrInet4{Port: env.port, Addr: env.address.As4()}
	} else {
		family, address = unix.AF_INET6, &unix.SockaddrInet6{Port: env.port, Addr: env.address.As16()}
	}
	fd, err := unix.Socket(family, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return nil, err
	}
	// The option is inherited by accepted sockets, as the next one is.
	if err := errors.Join(
		unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_REUSEADDR, 1),
		unix.SetsockoptInt(fd, unix.IPPROTO_TCP, unix.TCP_NODELAY, 1),
	); err != nil {
		return nil, err
	}
	if err := unix.Bind(fd, address); err != nil {
		return nil, err
	}
	if err := unix.Listen(fd, env.backlog); err != nil {
		return nil, err
	}
	s := &server{listener: fd, accepted: make(chan struct{})}
	for range loops {
		l, err := newLoop(s)
		if err != nil {
			return nil, err
		}
		s.loops = append(s.loops, l)
	}
	for _, l := range s.loops {
		go l.run()
	}
	go s.accept()
	return s, nil
}

func (s *server) accept() {
	defer close(s.accepted)
	for turn := 0; ; turn++ {
		fd, _, err := unix.Accept4(s.listener, unix.SOCK_NONBLOCK|unix.SOCK_CLOEXEC)
		switch err {
		case nil:
			s.open.Add(1)
			l := s.loops[turn%len(s.loops)]
			l.post(func() { l.add(fd) })
		case unix.EINTR, unix.ECONNABORTED, unix.EPROTO, unix.ENETDOWN, unix.EHOSTUNREACH, unix.ENETUNREACH:
		case unix.EMFILE, unix.ENFILE, unix.ENOBUFS, unix.ENOMEM:
			time.Sleep(acceptPause)
		case unix.EINVAL: // The listener has been shut down.
			return
		default:
			log.Fatalf("accept: %v", err)
		}
	}
}

// stop closes all connections with 1001, and returns when they are gone or have had their time.
func (s *server) stop() {
	_ = unix.Shutdown(s.listener, unix.SHUT_RD)
	<-s.accepted
	_ = unix.Close(s.listener)
	for _, l := range s.loops {
		l.post(l.stop)
	}
	gone := make(chan struct{})
	go func() {
		s.open.Wait()
		close(gone)
	}()
	select {
	case <-gone:
	case <-time.After(closeTimeout):
	}
}

// broadcast is one published message on its way to all members.
type broadcast struct {
	frame     []byte
	publisher *conn
	began     time.Time
	members   atomic.Int64
	failed    atomic.Int64
	pending   atomic.Int64
	// Set, in the publisher's loop, when the last send is done.
	answer []byte
}

// publish frames a message once and has every loop send it to its members. Called in the publisher's loop.
func (s *server) publish(publisher *conn, code ws.OpCode, payload []byte) {
	b := &broadcast{
		frame:     ws.MustCompileFrame(ws.NewFrame(code, true, payload)),
		publisher: publisher,
		began:     time.Now(),
	}
	publisher.unanswered = append(publisher.unanswered, b)
	b.pending.Store(int64(len(s.loops)))
	for _, l := range s.loops {
		l.post(func() { l.deliver(b) })
	}
}

// done counts a send that has ended; called in any loop.
func (b *broadcast) done(sent bool) {
	if !sent {
		b.failed.Add(1)
	}
	if b.pending.Add(-1) > 0 {
		return
	}
	text := fmt.Appendf(nil, "sent %d %d %d", b.members.Load(), b.failed.Load(), time.Since(b.began).Microseconds())
	publisher := b.publisher
	publisher.loop.post(func() {
		b.answer = ws.MustCompileFrame(ws.NewTextFrame(text))
		publisher.loop.answer(publisher)
	})
}
