// Command server is the lab's gws server: gws on net/http, a goroutine a connection.
package main

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/signal"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/lxzan/gws"
)

// As in go.mod.
const version = "gws 1.8.9"

// closeTimeout is how long clients may take to take the close when the server stops.
const closeTimeout = 5 * time.Second

func main() {
	terminated, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM)
	defer stop()
	if err := serve(terminated, os.Getenv("C1M_ADDRESS"), os.Getenv("C1M_PORT")); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func serve(terminated context.Context, address, port string) error {
	listening := net.ListenConfig{KeepAlive: -1}
	listener, err := listening.Listen(terminated, "tcp", net.JoinHostPort(address, port))
	if err != nil {
		return err
	}
	hub := &hub{clients: make(map[*gws.Conn]*atomic.Int64)}
	mux := http.NewServeMux()
	mux.HandleFunc("/{$}", hub.serveMembers())
	mux.HandleFunc("/publish", hub.servePublishers())
	server := &http.Server{Handler: mux, ReadHeaderTimeout: time.Minute}
	if certificate, ok := os.LookupEnv("C1M_TLS_CERT"); ok {
		go server.ServeTLS(listener, certificate, os.Getenv("C1M_TLS_KEY"))
	} else {
		go server.Serve(listener)
	}
	fmt.Printf("{\"event\":\"listening\",\"port\":%s,\"server\":\"gws\",\"version\":%q}\n", port, version)
	<-terminated.Done()
	server.Close()
	hub.close(closeTimeout)
	fmt.Printf("{\"event\":\"stopped\",\"port\":%s}\n", port)
	return nil
}
