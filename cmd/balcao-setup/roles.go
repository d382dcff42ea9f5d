package main

import (
	"fmt"
	"net/url"
	"path/filepath"
	"strconv"
	"strings"
)

// role is what a computer can be set up as.
type role struct {
	program, config string
	questions       []question
	// files are what is copied; toml is the configuration.
	files func(answers, placement) []file
	toml  func(answers, placement) string
	next  string // what to do now
}

// file is one that is copied to the folder of configurations, from the first of the names that is there.
type file struct {
	names    []string
	to       string // its path below that folder
	secret   bool   // only its reader may read it
	root     bool   // its reader is root: systemd hands the program a copy
	optional bool
}

func named(names ...string) file { return file{names: names, to: filepath.Base(names[0])} }

func secret(name string) file {
	return file{names: []string{name}, to: filepath.Base(name), secret: true}
}

// key is one of registrar keygen's, which the unit balcao-registrar.service hands on.
func key(name string, secret bool) file {
	path := filepath.Join("keys", name)
	return file{names: []string{path}, to: path, secret: secret, root: true}
}

var (
	serverCA = named("server-ca.crt", "service-ca/ca.crt", "service-ca.crt")
	deskCA   = named("desk-ca.crt", "desk-ca/ca.crt")
	staffCA  = named("staff-ca.crt")
)

var roles = map[string]role{
	"desk": {
		program: "kiosk", config: "kiosk.toml",
		questions: []question{
			{key: "name", text: "What clerks and receipts call this desk"},
			{key: "centre", text: "The centre's doors, as https://centre.example.pt:8443, with commas between several"},
			{key: "recipient", text: "Whom PINs are sealed to (age1…; registrar keygen printed it)"},
			{key: "desk", text: "The desk's name at the centre (of kioskctl desk add)"},
			{key: "staff-reader", optional: true},
		},
		files: func(a answers, _ placement) []file {
			return []file{named(a["desk"] + ".crt"), secret(a["desk"] + ".key"), named("service-ca.crt", "service-ca/ca.crt", "server-ca.crt")}
		},
		toml: func(a answers, p placement) string {
			var t text
			t.set("name", a["name"])
			t.list("centre", a.split("centre"))
			t.set("centre_ca", p.path("service-ca.crt"))
			t.set("centre_recipient", a["recipient"])
			t.set("trust", p.path("trust"))
			t.set("certificate", p.path(a["desk"]+".crt"))
			t.set("key", p.path(a["desk"]+".key"))
			t.line("second_screen = true # without a second one, the clerk hands the only one over")
			t.set("staff_reader", a["staff-reader"])
			return t.of("kiosk", "desk")
		},
		next: "Look at the readers (kioskctl doctor), then: systemctl restart balcao-desk\n",
	},
	"centre": {
		program: "centre", config: "centre.toml",
		questions: []question{{key: "hosts", text: "All servers of the database, with commas between them"}},
		files: func(answers, placement) []file {
			log := named("log.pub", "keys/log.pub")
			log.optional = true
			return []file{named("balcao_centre.crt"), secret("balcao_centre.key"), named("centre.crt"), secret("centre.key"),
				serverCA, deskCA, staffCA, named("record.pub", "keys/record.pub"), log}
		},
		toml: func(a answers, p placement) string {
			var t text
			t.line(`listen = ":8443"`)
			t.set("certificate", "centre.crt")
			t.set("key", "centre.key")
			t.set("desk_authority", "desk-ca.crt")
			t.set("staff_authority", "staff-ca.crt")
			t.list("record_keys", []string{"record.pub"})
			if p.has("log.pub") {
				t.set("log_key", "log.pub")
			}
			t.set("database", dsn("balcao_centre", a.split("hosts"), p))
			return t.of("centre", "centre")
		},
		next: "Now: systemctl restart balcao-centre\n",
	},
	"registrar": {
		program: "registrar", config: "registrar.toml",
		questions: []question{
			{key: "registrar", text: "The registrar's role in the database (of kioskctl db registrar)"},
			{key: "hosts", text: "All servers of the database, with commas between them"},
			{key: "sms", text: "The message centre (SMPP), host:port"},
			{key: "sms-id", text: "The system identifier there"},
			{key: "sms-source", text: "The sender that phones show"},
			{key: "mail", text: "The mail relay (SMTP), host:port"},
			{key: "mail-from", text: "The sender of e-mail"},
			{key: "mail-user", optional: true},
		},
		files: func(a answers, _ placement) []file {
			all := []file{named(a["registrar"] + ".crt"), secret(a["registrar"] + ".key"), serverCA, deskCA, staffCA,
				secret("smpp-password"), key("identity.age", true), key("pepper", true), key("record.key", true), key("log.key", true)}
			if a["mail-user"] != "" {
				all = append(all, secret("smtp-password"))
			}
			return all
		},
		toml: func(a answers, p placement) string {
			var t text
			t.set("name", a["registrar"])
			t.set("database", dsn(a["registrar"], a.split("hosts"), p))
			t.set("trust", "trust")
			t.set("desk_authority", "desk-ca.crt")
			t.set("staff_authority", "staff-ca.crt")
			t.line("\n[sms]")
			t.set("address", a["sms"])
			t.line("tls = true")
			t.set("system_id", a["sms-id"])
			t.set("password_file", "smpp-password")
			t.set("source", a["sms-source"])
			t.line("\n[mail]")
			t.set("address", a["mail"])
			t.set("from", a["mail-from"])
			if a["mail-user"] != "" {
				t.set("username", a["mail-user"])
				t.set("password_file", "smtp-password")
			}
			return t.of("registrar", "centre")
		},
		next: "Now: systemctl restart balcao-registrar\n",
	},
	"login": {
		program: "balcao-login", config: "login.toml",
		questions: []question{
			{key: "issuer", text: "By which browsers and services know it, for ever, as https://entrar.example.pt"},
			{key: "hosts", text: "All servers of the database, with commas between them"},
			{key: "proxies", optional: true},
		},
		files: func(_ answers, p placement) []file {
			all := []file{named("balcao_login.crt"), secret("balcao_login.key"), serverCA, named("record.pub", "keys/record.pub"),
				key("pepper", true), key("subjects", true)}
			for _, name := range []string{"login.crt", "login.key"} {
				all = append(all, file{names: []string{name}, to: name, secret: name == "login.key", optional: true})
			}
			found, _ := filepath.Glob(filepath.Join(p.from, "signing", "*.pem"))
			for _, path := range found {
				name := filepath.Join("signing", filepath.Base(path))
				all = append(all, file{names: []string{name}, to: name, secret: true})
			}
			return all
		},
		toml: func(a answers, p placement) string {
			var t text
			t.set("issuer", a["issuer"])
			proxies := a.split("proxies")
			if p.has("login.crt") {
				t.line(`listen = ":8444"`)
				t.set("certificate", "login.crt")
				t.set("key", "login.key")
			} else {
				t.line(`listen = "127.0.0.1:8444" # of the proxy on this computer`)
				proxies = append(proxies, "127.0.0.1/32")
			}
			if len(proxies) > 0 {
				t.list("trusted_proxies", proxies)
			}
			t.set("database", dsn("balcao_login", a.split("hosts"), p))
			t.list("record_keys", []string{"record.pub"})
			t.set("signing_keys", "signing")
			return t.of("login", "login")
		},
		next: "Now: systemctl restart balcao-login\n",
	},
}

// dsn names every host, so that the primary is found after a failover (kioskctl db centre prints the same).
func dsn(login string, hosts []string, p placement) string {
	query := url.Values{"sslmode": {"verify-full"}, "sslrootcert": {p.path("server-ca.crt")}, "sslcert": {p.path(login + ".crt")},
		"sslkey": {p.path(login + ".key")}, "target_session_attrs": {"read-write"}, "connect_timeout": {"3"}}
	address := url.URL{Scheme: "postgres", User: url.User(login), Host: strings.Join(hosts, ","), Path: "/balcao",
		RawQuery: strings.ReplaceAll(query.Encode(), "%2F", "/")}
	return address.String()
}

// text is a configuration in TOML.
type text struct{ b strings.Builder }

func (t *text) line(line string) { t.b.WriteString(line + "\n") }

func (t *text) set(key, value string) {
	if value != "" {
		t.line(key + " = " + quoted(value))
	}
}

func (t *text) list(key string, values []string) {
	all := make([]string, len(values))
	for i, v := range values {
		all[i] = quoted(v)
	}
	t.line(key + " = [" + strings.Join(all, ", ") + "]")
}

// of is the whole file.
func (t *text) of(config, pack string) string {
	return fmt.Sprintf("# Written by balcao-setup. Every key, with its meaning: /usr/share/doc/balcao-%s/examples/%s.toml\n%s", pack, config, t.b.String())
}

// quoted is a basic string of TOML v1.0.0, whose escapes are JSON's; control characters were refused before (ask.go).
func quoted(s string) string {
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(s) + `"`
}

// printable refuses what no answer has and TOML has to escape.
func printable(s string) bool {
	return !strings.ContainsFunc(s, func(r rune) bool { return !strconv.IsPrint(r) })
}
