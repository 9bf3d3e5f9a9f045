// The peer in Go: a hub as many projects have it. A channel for each subscriber, a full one loses the newest, a loop
// writes and flushes. With BATCH frames it writes what waits, up to so many, before it flushes.
package main

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"strconv"
	"sync"
)

var (
	mutex       sync.Mutex
	subscribers = map[chan []byte]bool{}
	sequence    int
	batch, _    = strconv.Atoi(os.Getenv("BATCH"))
)

func publish(payload []byte) {
	mutex.Lock()
	defer mutex.Unlock()
	sequence++
	frame := []byte(fmt.Sprintf("id: %d\ndata: %s\n\n", sequence, payload))
	for subscriber := range subscribers {
		select {
		case subscriber <- frame:
		default:
		}
	}
}

func stream(answer http.ResponseWriter, request *http.Request) {
	frames := make(chan []byte, 4096)
	mutex.Lock()
	subscribers[frames] = true
	mutex.Unlock()
	defer func() {
		mutex.Lock()
		delete(subscribers, frames)
		mutex.Unlock()
	}()
	flusher := answer.(http.Flusher)
	answer.Header().Set("Content-Type", "text/event-stream")
	io.WriteString(answer, ": hello\n\n")
	flusher.Flush()
	for {
		select {
		case <-request.Context().Done():
			return
		case frame := <-frames:
			answer.Write(frame)
			for more := 1; more < batch && len(frames) > 0; more++ {
				answer.Write(<-frames)
			}
			flusher.Flush()
		}
	}
}

func main() {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		panic(err)
	}
	fmt.Println(listener.Addr())
	http.HandleFunc("/sub", stream)
	http.HandleFunc("/pub", func(answer http.ResponseWriter, request *http.Request) {
		payload, _ := io.ReadAll(request.Body)
		publish(payload)
		answer.WriteHeader(http.StatusAccepted)
	})
	// A body is published as often as the query says: a burst made in the process.
	http.HandleFunc("/burst", func(answer http.ResponseWriter, request *http.Request) {
		payload, _ := io.ReadAll(request.Body)
		events, _ := strconv.Atoi(request.URL.Query().Get("events"))
		for event := 0; event < events; event++ {
			publish(payload)
		}
		answer.WriteHeader(http.StatusAccepted)
	})
	panic(http.Serve(listener, nil))
}
