// Command server is the lab's Go server: gorilla/websocket on net/http, a goroutine a connection.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log"
	"net"
	"net/http"
	"os"
	"os/signal"
	"runtime"
	"runtime/debug"
	"strconv"
	"syscall"
	"time"
)

const (
	exitCannotListen   = 1
	exitBadEnvironment = 2

	// How long clients get to answer the close when the server stops.
	closeTimeout = 5 * time.Second
	// How long a client may take to ask for its upgrade.
	headerTimeout = time.Minute
)

type event struct {
	Event   string `json:"event"`
	Port    int    `json:"port"`
	Server  string `json:"server,omitempty"`
	Version string `json:"version,omitempty"`
}

func main() {
	log.SetFlags(0)
	log.SetPrefix("go: ")
	env, err := readEnvironment(os.Getenv)
	if err != nil {
		log.Print(err)
		os.Exit(exitBadEnvironment)
	}
	listener, err := listen(env)
	if err != nil {
		log.Printf("cannot listen on %s port %d: %v", env.address, env.port, err)
		os.Exit(exitCannotListen)
	}

	terminated, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM)
	defer stop()
	hub := newHub()
	server := &http.Server{Handler: hub, ReadHeaderTimeout: headerTimeout}
	served := make(chan error, 1)
	go func() { served <- server.Serve(listener) }()
	report(event{Event: "listening", Port: env.port, Server: "go", Version: version()})

	select {
	case err := <-served:
		log.Fatal(err)
	case <-terminated.Done():
	}
	server.Close()
	hub.close(closeTimeout)
	report(event{Event: "stopped", Port: env.port})
}

func report(e event) {
	if err := json.NewEncoder(os.Stdout).Encode(e); err != nil {
		log.Fatal(err)
	}
}

func version() string {
	if info, ok := debug.ReadBuildInfo(); ok {
		for _, module := range info.Deps {
			if module.Path == "github.com/gorilla/websocket" {
				return fmt.Sprintf("gorilla/websocket %s, %s", module.Version, runtime.Version())
			}
		}
	}
	return runtime.Version()
}

type environment struct {
	address net.IP
	port    int
	backlog int
}

func readEnvironment(get func(string) string) (environment, error) {
	port, err := strconv.ParseUint(get("C1M_PORT"), 10, 16)
	if err != nil || port == 0 {
		return environment{}, fmt.Errorf("C1M_PORT must be a whole number from 1 to 65535, got %q", get("C1M_PORT"))
	}
	address := net.IPv4zero
	if text := get("C1M_ADDRESS"); text != "" {
		if address = net.ParseIP(text); address == nil {
			return environment{}, fmt.Errorf("C1M_ADDRESS must be an IP address, got %q", text)
		}
	}
	backlog := uint64(65535)
	if text := get("C1M_BACKLOG"); text != "" {
		if backlog, err = strconv.ParseUint(text, 10, 31); err != nil || backlog == 0 {
			return environment{}, fmt.Errorf("C1M_BACKLOG must be a whole number from 1 to 2147483647, got %q", text)
		}
	}
	return environment{address, int(port), int(backlog)}, nil
}

// listen opens the listening socket. Keep-alive probes are off: for a million idle connections they are most of the
// traffic. The backlog is set by a second listen, since package net always takes the kernel's limit.
func listen(env environment) (net.Listener, error) {
	network := "tcp6"
	if env.address.To4() != nil {
		network = "tcp4"
	}
	config := net.ListenConfig{KeepAlive: -1}
	address := net.JoinHostPort(env.address.String(), strconv.Itoa(env.port))
	listener, err := config.Listen(context.Background(), network, address)
	if err != nil {
		return nil, err
	}
	raw, err := listener.(*net.TCPListener).SyscallConn()
	if err != nil {
		return nil, err
	}
	var listenErr error
	err = raw.Control(func(fd uintptr) { listenErr = syscall.Listen(int(fd), env.backlog) })
	return listener, errors.Join(err, listenErr)
}
