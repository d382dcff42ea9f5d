package failover_test

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	osuser "os/user"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// deploy is what operators are given, which is what runs here.
const deploy = "../../../assets/deploy/patroni"

var nodeNames = []string{"db1", "db2", "db3"}

func addressOf(node int) string { return fmt.Sprintf("10.77.0.%d", 11+node) }

// node is a computer of the cluster: a network with one cable, folders, etcd and Patroni.
type node struct {
	name, host string
	dir        string // what is in its folders
	holder     int    // the process that keeps its namespaces
	services   []*service
}

// nodes are the whole cluster.
type nodes struct {
	t    *testing.T
	list []*node
	http *http.Client // of the cluster's own authority
}

// folders of a node, and whose they are.
var folders = []struct{ inside, path, owner string }{
	{"postgresql", "/var/lib/postgresql", "postgres"},
	{"etcd", "/var/lib/etcd", "etcd"},
	{"socket", "/run/postgresql", "postgres"},
	{"etc-patroni", "/etc/patroni", "postgres"},
	{"etc-etcd", "/etc/etcd", "etcd"},
}

// diskMB is the size of each node's disk for the database.
const diskMB = 1500

// account is a user that a service runs as.
type account struct{ uid, gid int }

func accountOf(t *testing.T, name string) account {
	t.Helper()
	u, err := osuser.Lookup(name)
	check(t, err)
	uid, err := strconv.Atoi(u.Uid)
	check(t, err)
	gid, err := strconv.Atoi(u.Gid)
	check(t, err)
	return account{uid, gid}
}

// asRoot reports whether whoever started the tests is root. Otherwise all files are that user's, whoever they should be of.
func asRoot() bool { return os.Getenv(inside) == "0" }

func newNodes(t *testing.T, serverCertificates string) *nodes {
	t.Helper()
	c := &nodes{t: t}
	ca := filepath.Join(base, "cluster-ca")
	hosts := []string{"admin"}
	for i, name := range nodeNames {
		n := &node{name: name, host: name + ".example.pt", dir: filepath.Join(base, name)}
		c.list = append(c.list, n)
		hosts = append(hosts, n.host)
		c.plug(n, i)
	}
	check(t, run(append([]string{deploy + "/certificates", ca}, hosts...)...))
	pair, err := tls.LoadX509KeyPair(filepath.Join(ca, "admin.crt"), filepath.Join(ca, "admin.key"))
	check(t, err)
	roots := x509.NewCertPool()
	authority, err := os.ReadFile(filepath.Join(ca, "cluster-ca.crt"))
	check(t, err)
	roots.AppendCertsFromPEM(authority)
	c.http = &http.Client{Transport: &http.Transport{DisableKeepAlives: true,
		TLSClientConfig: &tls.Config{MinVersion: tls.VersionTLS13, RootCAs: roots, Certificates: []tls.Certificate{pair}}}}
	for _, n := range c.list {
		c.furnish(n, ca, serverCertificates)
	}
	for _, n := range c.list {
		n.services = []*service{
			n.service("etcd", "etcd", n.environment(t, "etcd.env"), "/usr/bin/etcd"),
			n.service("patroni", "postgres", n.environment(t, "patroni.env"), "/usr/bin/patroni", "/etc/patroni/config.yml"),
			n.service("room", "postgres", append(n.environment(t, "patroni.env"), fmt.Sprintf("BALCAO_ROOM_MB=%d", diskMB/10), "BALCAO_ROOM_MINUTES=1"),
				"sh", "-c", "while sleep 2; do /etc/patroni/balcao-room; done"),
		}
		for _, s := range n.services {
			s.start(t)
		}
	}
	return c
}

// plug gives a node its namespaces, with folders of its own, and the cable.
func (c *nodes) plug(n *node, i int) {
	t := c.t
	t.Helper()
	check(t, os.MkdirAll(n.dir, 0o755))
	mounts := ""
	for _, f := range folders {
		inside := filepath.Join(n.dir, f.inside)
		check(t, os.MkdirAll(inside, 0o755))
		if f.inside == "postgresql" {
			check(t, run("mount", "-t", "tmpfs", "-o", fmt.Sprintf("size=%dm,mode=755", diskMB), "tmpfs", inside))
		}
		if asRoot() {
			owner := accountOf(t, f.owner)
			check(t, os.Chown(inside, owner.uid, owner.gid))
		}
		mounts += fmt.Sprintf("mkdir -p %s && mount --bind %s %s && ", f.path, inside, f.path)
	}
	// What a node has in /etc is the computer's but for these two, which need not be there.
	cmd := exec.Command("unshare", "--net", "--mount", "sh", "-c", "mount -t tmpfs tmpfs /run/lock 2>/dev/null; "+
		overlay+mounts+"ip link set lo up && echo ready && exec sleep infinity")
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	check(t, err)
	check(t, cmd.Start())
	t.Cleanup(func() {
		n.clear()
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	})
	ready := make([]byte, 6)
	if _, err := out.Read(ready); err != nil || string(ready) != "ready\n" {
		t.Fatalf("%s has no namespaces: %v", n.name, err)
	}
	n.holder = cmd.Process.Pid
	check(t, run("ip", "link", "add", n.name, "type", "veth", "peer", "name", "eth0", "netns", strconv.Itoa(n.holder)))
	check(t, run("ip", "link", "set", n.name, "master", "br0", "up"))
	check(t, run(n.within("ip", "address", "add", addressOf(i)+"/24", "dev", "eth0")...))
	check(t, run(n.within("ip", "link", "set", "eth0", "up")...))
}

// clear kills what still runs at a node: a PostgreSQL outlives its Patroni.
func (n *node) clear() {
	here, err := os.Readlink(fmt.Sprintf("/proc/%d/ns/net", n.holder))
	if err != nil {
		return
	}
	all, _ := filepath.Glob("/proc/[0-9]*")
	for _, one := range all {
		if at, err := os.Readlink(one + "/ns/net"); err == nil && at == here {
			pid, _ := strconv.Atoi(filepath.Base(one))
			_ = syscall.Kill(pid, syscall.SIGKILL)
		}
	}
}

// overlay lets folders be made in /etc that nobody outside sees.
const overlay = "mkdir -p /run/etc && mount -t tmpfs tmpfs /run/etc && mkdir /run/etc/u /run/etc/w && " +
	"mount -t overlay -o lowerdir=/etc,upperdir=/run/etc/u,workdir=/run/etc/w overlay /etc && mount --bind " + base + "/hosts /etc/hosts && "

// within is a command at a node.
func (n *node) within(command ...string) []string {
	return append([]string{"nsenter", "-t", strconv.Itoa(n.holder), "-n", "-m", "--"}, command...)
}

// furnish puts the files in their places, as assets/doc/failover.md says. Backups have a test of their own.
func (c *nodes) furnish(n *node, ca, serverCertificates string) {
	t := c.t
	t.Helper()
	yml, err := os.ReadFile(deploy + "/patroni.yml")
	check(t, err)
	yml = bytes.Replace(yml, []byte(`archive_mode: "on"`), []byte(`archive_mode: "off"`), 1)
	put := func(folder, name, owner string, content []byte, mode os.FileMode) {
		t.Helper()
		path := filepath.Join(n.dir, folder, name)
		check(t, os.WriteFile(path, content, mode))
		if asRoot() {
			who := accountOf(t, owner)
			check(t, os.Chown(path, who.uid, who.gid))
		}
	}
	put("etc-patroni", "config.yml", "postgres", yml, 0o644)
	room, err := os.ReadFile(deploy + "/balcao-room")
	check(t, err)
	put("etc-patroni", "balcao-room", "postgres", room, 0o755)
	for from, to := range map[string]string{
		filepath.Join(ca, "cluster-ca.crt"): "cluster-ca.crt", filepath.Join(ca, n.host+".crt"): "node.crt", filepath.Join(ca, n.host+".key"): "node.key",
		filepath.Join(serverCertificates, "service-ca", "ca.crt"): "service-ca.crt",
		filepath.Join(serverCertificates, n.host+".crt"):          "server.crt", filepath.Join(serverCertificates, n.host+".key"): "server.key",
	} {
		content, err := os.ReadFile(from)
		check(t, err)
		put("etc-patroni", to, "postgres", content, 0o600)
		put("etc-etcd", to, "etcd", content, 0o600)
	}
}

// passwords of the cluster's own roles.
var passwords = map[string]string{"PATRONI_SUPERUSER_PASSWORD": "super-1", "PATRONI_REPLICATION_PASSWORD": "replica-1", "PATRONI_REWIND_PASSWORD": "rewind-1"}

// environment is a file of assets/deploy/patroni as of this node.
func (n *node) environment(t *testing.T, file string) (list []string) {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(deploy, file))
	check(t, err)
	for line := range strings.Lines(string(text)) {
		line = strings.TrimSpace(line)
		name, value, set := strings.Cut(line, "=")
		if !set || strings.HasPrefix(line, "#") {
			continue
		}
		if p, secret := passwords[name]; secret {
			value = p
		}
		if name != "ETCD_INITIAL_CLUSTER" {
			value = strings.ReplaceAll(value, "db1", n.name)
		}
		list = append(list, name+"="+value)
	}
	return list
}

// service is a program that starts again when it ends, as systemd has it.
type service struct {
	name    string
	command []string
	env     []string
	log     string

	mu      sync.Mutex
	pid     int // 0: it does not run
	stopped bool
	ended   chan struct{}
}

// service is one of a node's, as a user.
func (n *node) service(name, user string, env []string, command ...string) *service {
	who, err := osuser.Lookup(user)
	if err != nil {
		panic(err)
	}
	var as []string
	if asRoot() {
		as = []string{"nsenter", "-t", strconv.Itoa(n.holder), "-n", "-m", "-S", who.Uid, "-G", who.Gid, "--"}
	} else {
		as = []string{"nsenter", "-t", strconv.Itoa(n.holder), "-n", "-m", "--", "unshare", "--user", "--map-user=" + who.Uid, "--map-group=" + who.Gid, "--"}
	}
	return &service{name: name, command: append(as, command...), log: filepath.Join(n.dir, name+".log"),
		env: append([]string{"PATH=/usr/bin:/bin:/usr/sbin:/sbin", "LANG=C.UTF-8", "HOME=/var/lib/postgresql"}, env...)}
}

// start starts it, and again a second after it ended, until the test ends.
func (s *service) start(t *testing.T) {
	t.Helper()
	s.ended = make(chan struct{})
	log, err := os.OpenFile(s.log, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644)
	check(t, err)
	go func() {
		defer close(s.ended)
		defer log.Close()
		for {
			cmd := exec.Command(s.command[0], s.command[1:]...)
			cmd.Env, cmd.Stdout, cmd.Stderr = s.env, log, log
			s.mu.Lock()
			if s.stopped {
				s.mu.Unlock()
				return
			}
			if err := cmd.Start(); err != nil {
				fmt.Fprintln(log, err)
			} else {
				s.pid = cmd.Process.Pid
			}
			s.mu.Unlock()
			_ = cmd.Wait()
			s.mu.Lock()
			s.pid = 0
			s.mu.Unlock()
			time.Sleep(time.Second) // RestartSec
		}
	}()
	t.Cleanup(func() {
		s.mu.Lock()
		s.stopped = true
		s.mu.Unlock()
		s.signal(syscall.SIGKILL)
		<-s.ended
	})
}

func (s *service) signal(what syscall.Signal) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.pid != 0 {
		_ = syscall.Kill(s.pid, what)
	}
}

// process of a node's PostgreSQL.
type process struct {
	pid  int
	what string // its title
}

// postgres lists a node's PostgreSQL, the postmaster first; none when it does not run.
func (n *node) postgres() (list []process) {
	text, err := os.ReadFile(filepath.Join(n.dir, "postgresql/15/balcao/postmaster.pid"))
	if err != nil {
		return nil
	}
	first, _, _ := strings.Cut(string(text), "\n")
	master, err := strconv.Atoi(first)
	if err != nil || syscall.Kill(master, 0) != nil {
		return nil
	}
	list = []process{{master, "postmaster"}}
	stats, _ := filepath.Glob("/proc/[0-9]*/stat")
	for _, file := range stats {
		stat, err := os.ReadFile(file)
		if err != nil {
			continue
		}
		var parent int
		_, rest, _ := strings.Cut(string(stat), ") ")
		if _, err := fmt.Sscanf(rest[min(2, len(rest)):], "%d", &parent); err != nil || parent != master {
			continue
		}
		pid, _ := strconv.Atoi(filepath.Base(filepath.Dir(file)))
		title, _ := os.ReadFile(filepath.Join(filepath.Dir(file), "cmdline"))
		list = append(list, process{pid, string(bytes.ReplaceAll(title, []byte{0}, nil))})
	}
	return list
}

// signal sends a signal to each process of a node's PostgreSQL whose title has a word in it; "" is in all.
func (n *node) signal(what syscall.Signal, word string) error {
	found := false
	for _, p := range n.postgres() {
		if strings.Contains(p.what, word) {
			found = true
			if err := syscall.Kill(p.pid, what); err != nil && !errors.Is(err, syscall.ESRCH) {
				return fmt.Errorf("signalling PostgreSQL of %s: %w", n.name, err)
			}
		}
	}
	if !found {
		return fmt.Errorf("%s runs no %q", n.name, word)
	}
	return nil
}

// member is a node as Patroni sees it.
type member struct {
	Name     string `json:"name"`
	Role     string `json:"role"`
	State    string `json:"state"`
	Timeline int    `json:"timeline"`
	Lag      any    `json:"lag"`
}

// members asks whichever node answers.
func (c *nodes) members(ctx context.Context) (members []member, err error) {
	for _, n := range c.list {
		var answer struct {
			Members []member `json:"members"`
		}
		if err = c.ask(ctx, n, http.MethodGet, "/cluster", nil, &answer); err == nil && len(answer.Members) > 0 {
			return answer.Members, nil
		}
	}
	return nil, fmt.Errorf("no node answers: %w", err)
}

// ask asks the Patroni of a node, which answers at once but for what it is told to do.
func (c *nodes) ask(ctx context.Context, n *node, method, path string, body, answer any) error {
	if method == http.MethodGet {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, 3*time.Second)
		defer cancel()
	}
	text, err := json.Marshal(body)
	if err != nil {
		return err
	}
	r, err := http.NewRequestWithContext(ctx, method, "https://"+n.host+":8008"+path, bytes.NewReader(text))
	if err != nil {
		return err
	}
	got, err := c.http.Do(r)
	if err != nil {
		return err
	}
	defer got.Body.Close()
	if answer == nil {
		if got.StatusCode >= 300 {
			return fmt.Errorf("%s: %s", path, got.Status)
		}
		return nil
	}
	return json.NewDecoder(got.Body).Decode(answer)
}

// node is the one of that name.
func (c *nodes) node(name string) *node {
	return c.list[slices.IndexFunc(c.list, func(n *node) bool { return n.name == name })]
}

// with returns the node that has a role: leader, sync_standby, replica.
func (c *nodes) with(ctx context.Context, role string) (*node, error) {
	members, err := c.members(ctx)
	for _, m := range members {
		if m.Role == role {
			return c.node(m.Name), nil
		}
	}
	return nil, errors.Join(err, fmt.Errorf("no node is %s: %v", role, members))
}

// well waits until there is a leader, two standbys follow it, and one of them has all that was acknowledged.
func (c *nodes) well(ctx context.Context) error {
	var members []member
	var err error
	for {
		members, err = c.members(ctx)
		roles, timelines, running := map[string]int{}, map[int]bool{}, 0
		for _, m := range members {
			roles[m.Role]++
			timelines[m.Timeline] = true
			if lag, is := m.Lag.(float64); m.State == "streaming" || m.State == "running" && (m.Role == "leader" || is && lag == 0) {
				running++
			}
		}
		if running == len(c.list) && roles["leader"] == 1 && roles["sync_standby"] >= 1 && len(timelines) == 1 {
			return nil
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("the cluster is not well: %v, %w", members, errors.Join(err, ctx.Err()))
		case <-time.After(200 * time.Millisecond):
		}
	}
}

// tell writes the ends of the logs, when a test failed.
func (c *nodes) tell() {
	for _, n := range c.list {
		for _, s := range n.services {
			c.t.Logf("%s %s:\n%s", n.name, s.name, tail(s.log))
			keep(c.t, n.name+"-", s.log)
		}
	}
}

// keep copies a log to the folder of -failover.logs, if there is one.
func keep(t *testing.T, prefix, log string) {
	if *logs == "" {
		return
	}
	text, err := os.ReadFile(log)
	if err == nil {
		err = os.WriteFile(filepath.Join(*logs, prefix+filepath.Base(log)), text, 0o600)
	}
	if err != nil {
		t.Log(err)
	}
}

func tail(file string) string {
	text, _ := os.ReadFile(file)
	return string(text[max(0, len(text)-6000):])
}

func check(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
