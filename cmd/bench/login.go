package main

import (
	"bytes"
	"cmp"
	"context"
	"crypto/rand"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"html"
	"io"
	"net"
	"net/http"
	"net/http/cookiejar"
	"net/http/httputil"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/BurntSushi/toml"
	"github.com/jackc/pgx/v5"
	"golang.org/x/oauth2"
	"golang.org/x/sync/errgroup"

	"balcao/cmd/internal/process"
	"balcao/kiosk/central/schema"
	"balcao/kiosk/login/oidc"
)

// LoginReport is what it costs to sign people in for services.
type LoginReport struct {
	People   int     `json:"logins"`
	AtOnce   int     `json:"people_at_once"`
	Rate     float64 `json:"per_second"`
	Median   float64 `json:"ms_median"`
	P95      float64 `json:"ms_p95"`
	Database float64 `json:"ms_database"` // of each, all of the database's work for it, the registrar's too
	Killed   int     `json:"under_way_when_killed"`

	Functions []LoginCall `json:"functions"`
	Processor LoginTime   `json:"processor_ms"`

	Anew int    `json:"asked_for_anew"` // that the service asked for once more: an answer to it was cut
	Lost int    `json:"lost"`
	Why  string `json:"lost_why,omitempty"` // one of them
}

// loginsAtOnce is how many people sign in at a time.
const loginsAtOnce = 8

// loginSite is two instances of the program login, and before them what an operator has: one address with a certificate that
// gives each request to the next instance.
type loginSite struct {
	issuer    string
	instances []*process.Process
	front     *http.Server
	client    oauth2.Config
	roots     *tls.Config
	failures  atomic.Int64 // answers that an instance owed when it was killed
	anew      atomic.Int64 // sign-ins that the service asked for anew, because an answer to itself was among those
}

// openLogin starts them on a site's database, as assets/doc/operating.md has it. The caller closes it.
func openLogin(ctx context.Context, s *site, pepper []byte) (l *loginSite, err error) {
	l = &loginSite{roots: &tls.Config{RootCAs: s.roots, MinVersion: tls.VersionTLS12}}
	defer func() {
		if err != nil {
			l.close()
		}
	}()
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return l, err
	}
	l.issuer = "https://" + listener.Addr().String()
	self, err := os.Executable()
	if err != nil {
		return l, err
	}
	programs := filepath.Dir(self)
	if _, _, err := process.Output(ctx, nil, filepath.Join(programs, "kioskctl"), "client", "key", filepath.Join(s.dir, "signing")); err != nil {
		return l, err
	}
	subjects := make([]byte, oidc.SubjectKeyLength)
	_, _ = rand.Read(subjects)
	var config bytes.Buffer
	err = errors.Join(os.WriteFile(filepath.Join(s.dir, "subjects"), subjects, 0o600), os.WriteFile(filepath.Join(s.dir, "pepper"), pepper, 0o600),
		toml.NewEncoder(&config).Encode(map[string]any{"listen": "127.0.0.1:0", "issuer": l.issuer, "database": s.signIns, "pepper": "pepper", "record_keys": []string{"record.pub"},
			"signing_keys": "signing", "subject_key": "subjects", "trusted_proxies": []string{"127.0.0.0/8"}, "visits_per_minute": 1_000_000}),
		os.WriteFile(filepath.Join(s.dir, "login.toml"), config.Bytes(), 0o600))
	if err != nil {
		return l, err
	}
	var hosts []string
	for n := range 2 {
		p, err := process.StartLogged(filepath.Join(s.dir, fmt.Sprintf("login-%d.log", n+1)), filepath.Join(programs, "login"), "-config", filepath.Join(s.dir, "login.toml"))
		if err != nil {
			return l, err
		}
		l.instances = append(l.instances, p)
		said, _, err := p.Await(ctx, "ready", 0, func(line string) bool { return strings.HasPrefix(line, "ready ") })
		if err != nil {
			return l, err
		}
		hosts = append(hosts, strings.TrimPrefix(said.Text, "ready "))
	}
	certificate, err := tls.LoadX509KeyPair(filepath.Join(s.dir, "centre.crt"), filepath.Join(s.dir, "centre.key"))
	if err != nil {
		return l, err
	}
	var turn atomic.Uint64
	// A request goes to the next instance, and to the other one when nobody listens there.
	next := &http.Transport{MaxIdleConnsPerHost: 2 * loginsAtOnce, DialContext: func(ctx context.Context, _, _ string) (c net.Conn, err error) {
		first := turn.Add(1)
		for n := range uint64(len(hosts)) {
			if c, err = new(net.Dialer).DialContext(ctx, "tcp", hosts[(first+n)%uint64(len(hosts))]); err == nil {
				return c, nil
			}
		}
		return nil, err
	}}
	l.front = &http.Server{ReadHeaderTimeout: 5 * time.Second, TLSConfig: &tls.Config{Certificates: []tls.Certificate{certificate}, MinVersion: tls.VersionTLS12},
		Handler: &httputil.ReverseProxy{
			Transport: next,
			Rewrite: func(r *httputil.ProxyRequest) {
				r.SetURL(&url.URL{Scheme: "http", Host: hosts[0]})
				r.Out.Host, r.Out.Header["X-Forwarded-For"] = r.In.Host, r.In.Header["X-Forwarded-For"]
			},
			ErrorHandler: func(w http.ResponseWriter, _ *http.Request, _ error) {
				l.failures.Add(1)
				w.WriteHeader(http.StatusBadGateway)
			},
		}}
	go func() { _ = l.front.ServeTLS(listener, "", "") }()
	l.client = oauth2.Config{ClientID: "medida", RedirectURL: "https://medida.example/cb", Scopes: []string{"openid", "profile", "phone"},
		Endpoint: oauth2.Endpoint{AuthURL: l.issuer + "/authorize", TokenURL: l.issuer + "/token", AuthStyle: oauth2.AuthStyleInHeader}}
	l.client.ClientSecret, err = schema.AddClient(ctx, s.admin(), schema.Client{ID: l.client.ClientID, Name: "Medida", RedirectURIs: []string{l.client.RedirectURL},
		Auth: "client_secret_basic", Claims: schema.Claims})
	return l, err
}

func (l *loginSite) close() {
	if l.front != nil {
		_ = l.front.Close()
	}
	for _, p := range l.instances {
		_ = p.Stop(15 * time.Second)
	}
}

var (
	formToken = regexp.MustCompile(`name="token" value="([^"]+)"`)
	formStep  = regexp.MustCompile(`name="do" value="([^"]+)"`)
)

// signIn has somebody sign in as they do, with a browser, until the service has heard their name. Whose answer does not come
// loads the page again, and begins anew at the service where that is over: who has signed in is not asked for the PIN again.
func (l *loginSite) signIn(ctx context.Context, o *office, v visitor, number int) error {
	jar, err := cookiejar.New(nil)
	if err != nil {
		return err
	}
	browser := &http.Client{Jar: jar, Transport: &http.Transport{TLSClientConfig: l.roots}, Timeout: time.Minute,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	defer browser.CloseIdleConnections()
	ask := func(method, target string, form url.Values) (status int, to, page string) {
		r, err := http.NewRequestWithContext(ctx, method, target, strings.NewReader(form.Encode()))
		if err != nil {
			return 0, "", ""
		}
		r.Header.Set("X-Forwarded-For", fmt.Sprintf("10.%d.%d.1", number/250, number%250)) // people are in many places
		if form != nil {
			r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
			r.Header.Set("Sec-Fetch-Site", "same-origin")
		}
		answer, err := browser.Do(r)
		if err != nil {
			return 0, "", ""
		}
		defer answer.Body.Close()
		text, err := io.ReadAll(answer.Body)
		if err != nil {
			return 0, "", ""
		}
		if location, err := answer.Location(); err == nil {
			to = location.String()
		}
		return answer.StatusCode, to, string(text)
	}
	verifier := oauth2.GenerateVerifier()
	start := l.client.AuthCodeURL("st4te", oauth2.S256ChallengeOption(verifier), oauth2.SetAuthURLParam("nonce", "n0nce"))
	failures := l.failures.Load()
	at, code, arrived := start, "", o.phones.listen(v.phone)
	for range 40 {
		status, to, page := ask(http.MethodGet, at, nil)
		if to == "" && status == http.StatusOK {
			form := url.Values{"token": {html.UnescapeString(cmp.Or(submatch(formToken, page), "none"))}, "do": {submatch(formStep, page)}}
			switch form.Get("do") {
			case "sign_in":
				form["identifier"], form["pin"] = []string{v.phone}, []string{officePIN}
				code, arrived = "", o.phones.listen(v.phone)
			case "code":
				if code == "" {
					select {
					case code = <-arrived:
					case <-ctx.Done():
						return fmt.Errorf("waiting for a code: %w", ctx.Err())
					}
				}
				form.Set("code", code)
			case "consent":
				form["send"] = []string{"name", "phone_number"}
			default:
				return fmt.Errorf("a page of an unknown step %q", form.Get("do"))
			}
			_, to, _ = ask(http.MethodPost, at, form)
		}
		switch {
		case strings.HasPrefix(to, l.client.RedirectURL):
			err := l.told(ctx, to, verifier)
			if err == nil || l.failures.Load() == failures {
				return err
			}
			l.anew.Add(1)
			at = start
		case to != "":
			at = to
		case status == http.StatusGone:
			at = start
		case status != 0 && status != http.StatusOK && status != http.StatusBadGateway:
			return fmt.Errorf("%d at a page", status)
		}
	}
	return errors.New("a sign-in does not end")
}

func submatch(form *regexp.Regexp, page string) string {
	if found := form.FindStringSubmatch(page); found != nil {
		return found[1]
	}
	return ""
}

// told exchanges what came back for what the service hears.
func (l *loginSite) told(ctx context.Context, back, verifier string) error {
	to, err := url.Parse(back)
	if err != nil {
		return err
	}
	service := &http.Client{Transport: &http.Transport{TLSClientConfig: l.roots}, Timeout: time.Minute}
	defer service.CloseIdleConnections()
	ctx = context.WithValue(ctx, oauth2.HTTPClient, service)
	token, err := l.client.Exchange(ctx, to.Query().Get("code"), oauth2.VerifierOption(verifier))
	if err != nil {
		return errors.New("a code was not exchanged") // its errors quote it
	}
	answer, err := l.client.Client(ctx, token).Get(l.issuer + "/userinfo")
	if err != nil {
		return err
	}
	defer answer.Body.Close()
	var who struct{ Name string }
	if err := json.NewDecoder(answer.Body).Decode(&who); err != nil || who.Name == "" {
		return fmt.Errorf("nobody's name arrived: %w", err)
	}
	return nil
}

// measureLogin has the people of an office sign in once each, the first of them before the clock starts, and kills one of the two instances when three in
// four have.
func measureLogin(ctx context.Context, s *site, o *office, warm int) (r LoginReport, err error) {
	conn, err := pgx.Connect(ctx, s.admin())
	if err != nil {
		return r, errors.New("connecting as administrator failed") // its errors may quote the connection string
	}
	defer func() { _ = conn.Close(context.WithoutCancel(ctx)) }()
	busy := func() (ms float64, err error) {
		return ms, conn.QueryRow(ctx, `select active_time from pg_stat_database where datname = current_database()`).Scan(&ms)
	}
	before, err := busy()
	if err != nil {
		return r, err
	}
	untrack, err := track(ctx, conn)
	if err != nil {
		return r, err
	}
	defer untrack()
	l, err := openLogin(ctx, s, o.pepper)
	if err != nil {
		return r, err
	}
	end := sync.OnceFunc(l.close)
	defer end()
	stop, err := o.work(ctx)
	if err != nil {
		return r, err
	}
	defer stop()
	people := o.visitors[warm:]
	calm := people[:len(people)*3/4]
	var underWay atomic.Int64
	run := func(people []visitor, first int, each func()) (took []float64, lost int, why error) {
		var mu sync.Mutex
		g, ctx := errgroup.WithContext(ctx)
		g.SetLimit(loginsAtOnce)
		for n, v := range people {
			g.Go(func() error {
				underWay.Add(1)
				began := time.Now()
				err := l.signIn(ctx, o, v, first+n)
				mu.Lock()
				defer mu.Unlock()
				underWay.Add(-1)
				if each(); err != nil {
					lost, why = lost+1, err
				} else {
					took = append(took, millis(time.Since(began)))
				}
				return nil
			})
		}
		_ = g.Wait() // nobody's error ends the others
		return took, lost, why
	}
	if _, lost, why := run(o.visitors[:warm], len(people), func() {}); why != nil {
		return r, fmt.Errorf("%d of %d did not sign in, at last: %w", lost, warm, why)
	}
	idle, err := l.used(ctx, conn)
	if err != nil {
		return r, err
	}
	began := time.Now()
	took, lost, why := run(calm, 0, func() {})
	if why != nil {
		return r, fmt.Errorf("%d of %d did not sign in, at last: %w", lost, len(calm), why)
	}
	r.People, r.AtOnce, r.Rate = len(calm), loginsAtOnce, float64(len(calm))/time.Since(began).Seconds()
	slices.Sort(took)
	r.Median, r.P95 = median(took), took[len(took)*95/100]
	used, err := l.used(ctx, conn)
	if err != nil {
		return r, err
	}
	r.Processor = used.since(idle, len(calm))
	ended := 0
	_, r.Lost, why = run(people[len(calm):], len(calm), func() {
		if ended++; ended == max(1, (len(people)-len(calm))/4) {
			r.Killed = int(underWay.Load())
			_ = l.instances[0].Cmd.Process.Kill()
		}
	})
	r.Anew = int(l.anew.Load())
	if why != nil {
		r.Why = why.Error()
	}
	end()
	if r.Functions, err = functions(ctx, conn, len(o.visitors)); err != nil {
		return r, err
	}
	after, err := busy()
	r.Database = (after - before) / float64(len(o.visitors))
	return r, err
}
