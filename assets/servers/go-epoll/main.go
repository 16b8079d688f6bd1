// Command server is the lab's second Go server: gobwas/ws and epoll, without a goroutine or a buffer for an idle connection.
package main

import (
	"context"
	"fmt"
	"log"
	"net"
	"os"
	"os/signal"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

const (
	// As in go.mod.
	version = "gobwas/ws 1.5.0"
	// How long clients get to answer the close when the server stops.
	closeTimeout = 5 * time.Second
)

func main() {
	port := os.Getenv("C1M_PORT")
	config := net.ListenConfig{KeepAlive: -1}
	listener, err := config.Listen(context.Background(), "tcp", net.JoinHostPort(os.Getenv("C1M_ADDRESS"), port))
	if err != nil {
		log.Fatal(err)
	}
	epoll, err := unix.EpollCreate1(unix.EPOLL_CLOEXEC)
	if err != nil {
		log.Fatal(err)
	}
	hub := &hub{epoll: epoll, clients: make(map[int]*client)}
	terminated, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM)
	defer stop()
	go hub.accept(listener)
	go hub.wait()
	fmt.Printf(`{"event":"listening","port":%s,"server":"go-epoll","version":"%s"}`+"\n", port, version)

	<-terminated.Done()
	listener.Close()
	hub.close(closeTimeout)
	fmt.Printf(`{"event":"stopped","port":%s}`+"\n", port)
}
