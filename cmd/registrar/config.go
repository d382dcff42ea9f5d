package main

import (
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/BurntSushi/toml"
	"github.com/jackc/pgx/v5/pgxpool"

	"balcao/cmd/internal/guarded"
	"balcao/cmd/internal/guarded/database"
	"balcao/cmd/internal/metrics"
	"balcao/kiosk/central/deskca"
	"balcao/kiosk/delivery"
	"balcao/kiosk/registrar"
	"balcao/kiosk/trust/country"
	"balcao/kiosk/trust/staff"
)

// config is the registrar's configuration file. Secrets may be in it or, better, in files beside it.
type config struct {
	// Database is a PostgreSQL connection string; it may name several hosts.
	Database string `toml:"database"`
	// Trust is the folder with anchors and intermediates, and those of other States (kioskctl trust import).
	Trust string `toml:"trust"`
	// AllowPrivateRevocation lets OCSP responders and revocation lists be on this computer or in private networks, and
	// be asked through the proxy of the environment. Otherwise certificates lead to public addresses only.
	AllowPrivateRevocation bool `toml:"allow_private_revocation"`
	// DeskAuthority is the certificate of the desks' certification authority (desk-ca/ca.crt of kioskctl db create).
	// Every enrolment is signed with the certificate of its desk.
	DeskAuthority string `toml:"desk_authority"`
	// StaffAuthority is a file with the certificates (PEM) of who issues staff cards, and StaffCards a folder with the
	// certificates of cards that count by themselves. One of them has to be there.
	StaffAuthority string `toml:"staff_authority"`
	StaffCards     string `toml:"staff_cards"`
	// RecordKey is the file record.key of "registrar keygen", which signs the record of each key; it is looked for as the
	// next two. Every registrar has its own or the same; doors are given the other half, record.pub.
	RecordKey string `toml:"record_key"`
	// OldRecords are the files record.pub of other registrars, also of those that were: a key changes only whose record
	// was signed with this registrar's key or with one of theirs.
	OldRecords []string `toml:"old_records"`
	// Identity and Pepper are the files that "registrar keygen" wrote; when left out they are looked for
	// in $CREDENTIALS_DIRECTORY.
	Identity string `toml:"identity"`
	Pepper   string `toml:"pepper"`
	// Support is the telephone number in messages to people; the State's citizen line when left out.
	Support string `toml:"support"`
	// Web is the address of the login service for people, where they activate a key with a code; desks only when left out.
	Web string `toml:"web"`
	// Messages is a folder of texts that go before those of the program: OCCASION.CHANNEL.LANGUAGE.txt, see
	// kiosk/delivery/messages. They are checked before the registrar starts.
	Messages string `toml:"messages"`
	// Name tells this registrar from others: what it held when it was killed is free when it starts again under that name.
	// Host and process when left out; then it is free half a minute later.
	Name string `toml:"name"`
	// Workers is the number of jobs worked at a time.
	Workers int `toml:"workers"`
	// Metrics is where Prometheus finds the figures of this registrar and of the centre, at /metrics, in the clear:
	// 127.0.0.1:9465, or an address that only Prometheus reaches. Without it there are none.
	Metrics string `toml:"metrics"`

	SMS  smsConfig  `toml:"sms"`
	Mail mailConfig `toml:"mail"`
	Log  logConfig  `toml:"log"`

	Letters lettersConfig `toml:"letters"`
}

// smsConfig is the message centre, SMPP 3.4.
type smsConfig struct {
	Address      string        `toml:"address"` // host:port
	SystemID     string        `toml:"system_id"`
	Password     string        `toml:"password"`
	PasswordFile string        `toml:"password_file"`
	SystemType   string        `toml:"system_type"`
	Source       string        `toml:"source"` // the sender that phones show
	TLS          bool          `toml:"tls"`
	Window       int           `toml:"window"`     // messages that wait for their answer at a time; 10 when left out
	PerSecond    int           `toml:"per_second"` // messages that leave; as many as the message centre takes when left out
	CAFile       string        `toml:"ca_file"`
	EnquireEvery time.Duration `toml:"enquire_every"`
	Timeout      time.Duration `toml:"timeout"`
}

// mailConfig is the mail relay, SMTP with TLS.
type mailConfig struct {
	Address      string        `toml:"address"` // host:port
	Username     string        `toml:"username"`
	Password     string        `toml:"password"`
	PasswordFile string        `toml:"password_file"`
	From         string        `toml:"from"`
	FromName     string        `toml:"from_name"`
	HELO         string        `toml:"helo"`
	ImplicitTLS  bool          `toml:"implicit_tls"`
	CAFile       string        `toml:"ca_file"`
	Timeout      time.Duration `toml:"timeout"`
}

func (c smsConfig) delivery() delivery.SMSConfig {
	return delivery.SMSConfig{
		Address: c.Address, SystemID: c.SystemID, Password: c.Password, SystemType: c.SystemType, Source: c.Source,
		TLS: c.TLS, CAFile: c.CAFile, Window: c.Window, PerSecond: c.PerSecond, EnquireEvery: c.EnquireEvery, Timeout: c.Timeout,
	}
}

func (c mailConfig) delivery() delivery.MailConfig {
	return delivery.MailConfig{
		Address: c.Address, Username: c.Username, Password: c.Password, From: c.From, FromName: c.FromName,
		HELO: c.HELO, ImplicitTLS: c.ImplicitTLS, CAFile: c.CAFile, Timeout: c.Timeout,
	}
}

// loadConfig reads and validates path. Unknown keys are errors; all problems are reported at once.
// Relative paths are relative to the folder of the file.
func loadConfig(path string) (config, error) {
	c := config{Workers: registrar.DefaultWorkers, Support: "300 003 990"}
	meta, err := toml.DecodeFile(path, &c)
	if err != nil {
		return c, fmt.Errorf("reading the configuration: %w", err)
	}
	var problems []error
	for _, key := range meta.Undecoded() {
		problems = append(problems, fmt.Errorf("unknown key %q", key.String()))
	}
	judge := guarded.File
	if c.SMS.Password != "" || c.Mail.Password != "" || database.Password(c.Database) {
		judge = guarded.Secret
	}
	problems = append(problems, judge(path))
	guarded.Credential(&c.Identity, identityFile)
	guarded.Credential(&c.Pepper, pepperFile)
	guarded.Credential(&c.RecordKey, recordFile)
	c.Log.complete(filepath.Dir(path))
	files := []*string{
		&c.Trust, &c.DeskAuthority, &c.StaffAuthority, &c.StaffCards, &c.RecordKey, &c.Identity, &c.Pepper, &c.Messages,
		&c.SMS.PasswordFile, &c.SMS.CAFile, &c.Mail.PasswordFile, &c.Mail.CAFile,
	}
	for i := range c.OldRecords {
		files = append(files, &c.OldRecords[i])
	}
	for _, file := range files {
		if *file != "" && !filepath.IsAbs(*file) {
			*file = filepath.Join(filepath.Dir(path), *file)
		}
	}
	problems = append(problems,
		readPassword(&c.SMS.Password, c.SMS.PasswordFile, "sms"),
		readPassword(&c.Mail.Password, c.Mail.PasswordFile, "mail"),
		c.Validate())
	if err := errors.Join(problems...); err != nil {
		return c, fmt.Errorf("%s:\n%w", path, err)
	}
	return c, nil
}

// Validate reports everything that is wrong with the configuration.
func (c config) Validate() error {
	var problems []error
	must := func(ok bool, text string) {
		if !ok {
			problems = append(problems, errors.New(text))
		}
	}
	_, err := pgxpool.ParseConfig(c.Database) // its error quotes the password
	if c.Database == "" || err != nil {
		problems = append(problems, errors.New("database: not a connection string"))
	} else if err := database.TLS(c.Database); err != nil {
		problems = append(problems, fmt.Errorf("database: %w", err))
	}
	place := func(name string, err error, missing string) {
		if errors.Is(err, fs.ErrNotExist) {
			err = errors.New(missing)
		}
		if err != nil {
			problems = append(problems, fmt.Errorf("%s: %w", name, err))
		}
	}
	place("trust", guarded.Folder(c.Trust), "no such folder (kioskctl trust import)")
	_, err = deskca.LoadCertificate(c.DeskAuthority)
	if err == nil {
		err = guarded.File(c.DeskAuthority)
	}
	place("desk_authority", err, "reading it: no such file (desk-ca/ca.crt of kioskctl db create)")
	if c.StaffAuthority != "" {
		place("staff_authority", guarded.File(c.StaffAuthority), "no such file")
	}
	if c.StaffCards != "" {
		place("staff_cards", guarded.Folder(c.StaffCards), "no such folder")
	}
	must(c.StaffAuthority != "" || c.StaffCards != "",
		"staff_authority, staff_cards: name one: a file with the authorities of the staff cards, or a folder with the cards' certificates")
	_, err = staff.Load(c.StaffAuthority, c.StaffCards)
	place("staff_authority, staff_cards", err, "reading them: no such file")
	key, keyErr := loadRecordKey(c.RecordKey)
	clear(key)
	for _, file := range c.OldRecords {
		place("old_records", guarded.File(file), "no such file")
	}
	_, err = loadRecords(c.OldRecords)
	place("old_records", err, "no such file")
	place("record_key", keyErr, "no such file, nor in $CREDENTIALS_DIRECTORY (registrar keygen)")
	must(len(c.Name) <= 100, "name: at most 100 characters")
	place("identity", guarded.Secret(c.Identity), "no such file, nor in $CREDENTIALS_DIRECTORY (registrar keygen)")
	place("pepper", guarded.Secret(c.Pepper), "no such file, nor in $CREDENTIALS_DIRECTORY (registrar keygen)")
	must(c.Support != "" && len(c.Support) <= 20, "support: a telephone number of at most 20 characters")
	web, err := url.Parse(c.Web)
	must(c.Web == "" || err == nil && web.Scheme == "https" && web.Host != "" && len(c.Web) <= 60, "web: an https address of at most 60 characters")
	if c.Messages != "" {
		place("messages", guarded.Folder(c.Messages), "no such folder")
	}
	if _, err := c.texts(); err != nil {
		problems = append(problems, fmt.Errorf("messages: %w", err))
	}
	if err := metrics.Check(c.Metrics); err != nil {
		problems = append(problems, fmt.Errorf("metrics: %w", err))
	}
	must(c.Workers >= 1 && c.Workers <= 64, "workers: between 1 and 64")
	section := func(name string, err error) {
		if err != nil {
			problems = append(problems, fmt.Errorf("[%s] %s", name, strings.ReplaceAll(err.Error(), "\n", "\n["+name+"] ")))
		}
	}
	section("sms", c.SMS.delivery().Validate())
	section("mail", c.Mail.delivery().Validate())
	if err := c.Log.validate(); err != nil {
		section("log", err)
	}
	for section, file := range map[string]string{"sms": c.SMS.CAFile, "mail": c.Mail.CAFile} {
		if file != "" {
			place("["+section+"] ca_file", guarded.File(file), "no such file")
		}
	}
	return errors.Join(problems...)
}

// texts are what people are written.
func (c config) texts() (delivery.Texts, error) {
	if c.Messages == "" {
		return delivery.LoadTexts(c.Support, c.Web, nil)
	}
	return delivery.LoadTexts(c.Support, c.Web, os.DirFS(c.Messages))
}

// checkTrust names everything in the trust folder that cannot be used. The worker starts without it all the same.
func (c config) checkTrust() error {
	if err := country.CheckFolder(c.Trust); err != nil {
		return fmt.Errorf("trust: %w", err)
	}
	return nil
}

// readPassword fills a password from its file, when one is named.
func readPassword(password *string, file, section string) error {
	if file == "" {
		return nil
	}
	if *password != "" {
		return fmt.Errorf("[%s] password and password_file: only one of them", section)
	}
	data, err := readSecret(file)
	if err != nil {
		return fmt.Errorf("[%s] password_file: %w", section, err)
	}
	*password = strings.TrimRight(string(data), "\r\n")
	return nil
}
