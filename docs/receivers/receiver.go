// A receiver of webhooks: SECRETS='whsec_...' go run receiver.go
package main

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"sort"
	"strconv"
	"strings"
	"sync"
	"time"
)

const (
	maxBody   = 1024 * 1024
	tolerance = 5 * time.Minute
)

var (
	data                 = setting("DATA", "events")
	url, apiKey, webhook = os.Getenv("PLANECONNECTION_URL"), os.Getenv("PLANECONNECTION_KEY"), os.Getenv("WEBHOOK")
	keys                 [][]byte
	wake                 = make(chan bool, 1)
	eventID              = regexp.MustCompile(`^evt_[0-9a-z]+$`)
	client               = http.Client{Timeout: 30 * time.Second}

	lock      sync.Mutex           // of what follows
	waiting   = map[string]event{} // events to work on
	sequences = map[int64]bool{}   // of the events that are stored
	missing   = map[int64]bool{}   // of events that others say came before them
)

type event struct {
	ID        string          `json:"id"`
	Type      string          `json:"type"`
	Workspace string          `json:"workspace_id"`
	Timestamp time.Time       `json:"timestamp"`
	Sequence  int64           `json:"sequence"` // 0 for a test
	Data      json.RawMessage `json:"data"`
	whole     []byte          // as it came, with fields of later versions
}

func (e *event) UnmarshalJSON(content []byte) error {
	type fields event
	e.whole = append([]byte{}, content...)
	return json.Unmarshal(content, (*fields)(e))
}

func (e event) MarshalJSON() ([]byte, error) {
	return e.whole, nil
}

// Your code. If the process is killed meanwhile, it runs again for the same event.
func work(event event) error {
	fmt.Println("done", event.ID, event.Type, event.Sequence)
	return nil
}

// Returns an error unless the request comes from PlaneConnection, and now.
func verify(header http.Header, body []byte) error {
	id, timestamp := header.Get("webhook-id"), header.Get("webhook-timestamp")
	seconds, err := strconv.ParseInt(timestamp, 10, 64)
	if err != nil {
		return err
	}
	if age := time.Since(time.Unix(seconds, 0)); age > tolerance || age < -tolerance {
		return errors.New("the request is too old")
	}
	for _, key := range keys {
		mac := hmac.New(sha256.New, key)
		fmt.Fprintf(mac, "%s.%s.%s", id, timestamp, body)
		expected := []byte("v1," + base64.StdEncoding.EncodeToString(mac.Sum(nil)))
		for _, given := range strings.Fields(header.Get("webhook-signature")) {
			if hmac.Equal([]byte(given), expected) {
				return nil
			}
		}
	}
	return errors.New("no signature fits")
}

type stored struct {
	Event    event `json:"event"`
	Previous int64 `json:"previous"`
}

func (s stored) note() {
	sequences[s.Event.Sequence] = true
	delete(missing, s.Event.Sequence)
	if s.Previous != 0 && !sequences[s.Previous] {
		missing[s.Previous] = true
	}
}

// Stores an event as a file with its id as name, so it is stored once. In your system: a table with a unique column.
func store(event event, previous int64) error {
	if !eventID.MatchString(event.ID) {
		return errors.New("not an event")
	}
	entry := stored{event, previous}
	content, err := json.Marshal(entry)
	if err != nil {
		return err
	}
	file, err := os.CreateTemp(data, "new-")
	if err != nil {
		return err
	}
	defer os.Remove(file.Name())
	_, err = file.Write(content)
	if err = firstOf(err, file.Sync(), file.Close()); err != nil {
		return err
	}
	err = os.Link(file.Name(), filepath.Join(data, event.ID+".json"))
	if err != nil && !errors.Is(err, fs.ErrExist) {
		return err
	}
	folder, err := os.Open(data)
	if err != nil {
		return err
	}
	if err = firstOf(folder.Sync(), folder.Close()); err != nil {
		return err
	}
	lock.Lock()
	defer lock.Unlock()
	entry.note()
	// Also an event that was stored before, if something failed afterwards.
	if !isDone(event.ID) {
		waiting[event.ID] = event
	}
	return nil
}

func isDone(id string) bool {
	_, err := os.Stat(filepath.Join(data, id+".done"))
	return err == nil
}

func receive(answer http.ResponseWriter, request *http.Request) {
	body, err := io.ReadAll(http.MaxBytesReader(answer, request.Body, maxBody))
	if err != nil {
		answer.WriteHeader(http.StatusRequestEntityTooLarge)
		return
	}
	var event event
	if verify(request.Header, body) != nil || json.Unmarshal(body, &event) != nil {
		answer.WriteHeader(http.StatusUnauthorized)
		return
	}
	// Empty for the first event of an endpoint.
	previous, _ := strconv.ParseInt(request.Header.Get("X-PlaneConnection-Previous-Sequence"), 10, 64)
	if err := store(event, previous); err != nil {
		fmt.Println("cannot store:", err)
		answer.WriteHeader(http.StatusServiceUnavailable) // it is sent again later
		return
	}
	answer.WriteHeader(http.StatusNoContent)
	select {
	case wake <- true:
	default:
	}
}

// Fetches events that did not arrive.
func fillGaps() error {
	for _, sequence := range sorted(missing) {
		if apiKey == "" {
			return nil
		}
		lock.Lock()
		isOpen := missing[sequence]
		lock.Unlock()
		if !isOpen {
			continue // it came meanwhile
		}
		after := int64(0)
		for _, known := range sorted(sequences) {
			if known < sequence {
				after = known
			}
		}
		for next := &after; next != nil; {
			page, err := fetch(*next)
			if err != nil {
				return err
			}
			for _, event := range page.Items {
				if err := store(event, 0); err != nil {
					return err
				}
			}
			next = page.Next
		}
		lock.Lock()
		delete(missing, sequence)
		lock.Unlock()
	}
	return nil
}

type page struct {
	Items []event `json:"items"`
	Next  *int64  `json:"next_after_sequence"`
}

func fetch(after int64) (page, error) {
	var answer struct{ Data page }
	events := fmt.Sprintf("%s/api/v1/webhooks/%s/events?after_sequence=%d", url, webhook, after)
	request, err := http.NewRequest("GET", events, nil)
	if err != nil {
		return answer.Data, err
	}
	request.Header.Set("X-API-Key", apiKey)
	response, err := client.Do(request)
	if err != nil {
		return answer.Data, err
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		return answer.Data, errors.New("the API answered " + response.Status)
	}
	return answer.Data, json.NewDecoder(response.Body).Decode(&answer)
}

func workThrough() error {
	lock.Lock()
	events := make([]event, 0, len(waiting))
	for _, event := range waiting {
		events = append(events, event)
	}
	lock.Unlock()
	sort.Slice(events, func(i, j int) bool { return events[i].Sequence < events[j].Sequence })
	for _, event := range events {
		if err := work(event); err != nil {
			return err
		}
		if err := os.WriteFile(filepath.Join(data, event.ID+".done"), nil, 0o600); err != nil {
			return err
		}
		lock.Lock()
		delete(waiting, event.ID)
		lock.Unlock()
	}
	return nil
}

// Reads what is stored from before a restart.
func load() error {
	unfinished, err := filepath.Glob(filepath.Join(data, "new-*"))
	for _, name := range unfinished {
		err = firstOf(err, os.Remove(name))
	}
	names, failed := filepath.Glob(filepath.Join(data, "*.json"))
	err = firstOf(err, failed)
	for _, name := range names {
		var entry stored
		content, failed := os.ReadFile(name)
		if err = firstOf(err, failed); err == nil {
			err = json.Unmarshal(content, &entry)
		}
		entry.note()
		if !isDone(entry.Event.ID) {
			waiting[entry.Event.ID] = entry.Event
		}
	}
	return err
}

func worker() {
	for {
		if err := fillGaps(); err != nil {
			fmt.Println("a gap is open:", err)
		}
		if err := workThrough(); err != nil {
			fmt.Println("not done:", err) // it is tried again within a minute
		}
		select {
		case <-wake:
		case <-time.After(time.Minute):
		}
	}
}

func main() {
	// During a rotation the new secret and the old one, with a space between them.
	for _, secret := range strings.Fields(os.Getenv("SECRETS")) {
		var err error
		key := []byte(secret)
		if strings.HasPrefix(secret, "whsec_") {
			key, err = base64.StdEncoding.DecodeString(strings.TrimPrefix(secret, "whsec_"))
		}
		if err != nil || len(key) < 24 {
			stopIf(errors.New("SECRETS: a secret has at least 24 bytes, after whsec_ in base64"))
		}
		keys = append(keys, key)
	}
	if len(keys) == 0 {
		stopIf(errors.New("SECRETS is empty"))
	}
	stopIf(os.MkdirAll(data, 0o700))
	stopIf(load())
	go worker()
	listener, err := net.Listen("tcp", "127.0.0.1:"+setting("PORT", "8000"))
	stopIf(err)
	fmt.Printf("Listening on http://%s\n", listener.Addr())
	http.HandleFunc("/", receive)
	server := http.Server{ReadTimeout: 10 * time.Second}
	stopIf(server.Serve(listener))
}

func setting(name, usual string) string {
	if value := os.Getenv(name); value != "" {
		return value
	}
	return usual
}

func sorted(set map[int64]bool) []int64 {
	lock.Lock()
	defer lock.Unlock()
	numbers := make([]int64, 0, len(set))
	for number := range set {
		numbers = append(numbers, number)
	}
	sort.Slice(numbers, func(i, j int) bool { return numbers[i] < numbers[j] })
	return numbers
}

func firstOf(errs ...error) error {
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}

func stopIf(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
