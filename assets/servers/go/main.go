// Command server is the lab's Go server: gorilla/websocket on net/http, a goroutine a connection.
package main

import (
	"context"
	"fmt"
	"log"
	"net"
	"net/http"
	"os"
	"os/signal"
	"syscall"
	"time"
)

// As in go.mod.
const version = "gorilla/websocket 1.5.3"

func main() {
	port := os.Getenv("C1M_PORT")
	config := net.ListenConfig{KeepAlive: -1}
	listener, err := config.Listen(context.Background(), "tcp", net.JoinHostPort(os.Getenv("C1M_ADDRESS"), port))
	if err != nil {
		log.Fatal(err)
	}
	terminated, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM)
	defer stop()

	hub := &hub{clients: make(map[*client]bool)}
	http.HandleFunc("/{$}", hub.serve(true))
	http.HandleFunc("/publish", hub.serve(false))
	server := &http.Server{ReadHeaderTimeout: time.Minute}
	if certificate := os.Getenv("C1M_TLS_CERT"); certificate != "" {
		go server.ServeTLS(listener, certificate, os.Getenv("C1M_TLS_KEY"))
	} else {
		go server.Serve(listener)
	}
	fmt.Printf(`{"event":"listening","port":%s,"server":"go","version":"%s"}`+"\n", port, version)

	<-terminated.Done()
	server.Close()
	hub.close(5 * time.Second)
	fmt.Printf(`{"event":"stopped","port":%s}`+"\n", port)
}
