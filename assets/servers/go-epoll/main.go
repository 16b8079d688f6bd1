// Command server is the lab's second Go server: gobwas/ws on a few epoll loops, without a goroutine a connection.
package main

import (
	"encoding/json"
	"fmt"
	"log"
	"os"
	"os/signal"
	"runtime"
	"runtime/debug"
	"syscall"
)

const (
	exitCannotListen   = 1
	exitBadEnvironment = 2
)

type event struct {
	Event   string `json:"event"`
	Port    int    `json:"port"`
	Server  string `json:"server,omitempty"`
	Version string `json:"version,omitempty"`
}

func main() {
	log.SetFlags(0)
	log.SetPrefix("go-epoll: ")
	env, err := readEnvironment(os.Getenv)
	if err != nil {
		log.Print(err)
		os.Exit(exitBadEnvironment)
	}
	terminated := make(chan os.Signal, 1)
	signal.Notify(terminated, syscall.SIGTERM)
	server, err := listen(env, runtime.GOMAXPROCS(0))
	if err != nil {
		log.Printf("cannot listen on %s port %d: %v", env.address, env.port, err)
		os.Exit(exitCannotListen)
	}
	report(event{Event: "listening", Port: env.port, Server: "go-epoll", Version: version()})
	<-terminated
	server.stop()
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
			if module.Path == "github.com/gobwas/ws" {
				return fmt.Sprintf("gobwas/ws %s, %s", module.Version, runtime.Version())
			}
		}
	}
	return runtime.Version()
}
