package main

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"strconv"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"golang.org/x/mod/sumdb/note"

	"balcao/kiosk"
	"balcao/kiosk/central/deskca"
	"balcao/kiosk/central/schema"
	"balcao/kiosk/evidence"
	"balcao/kiosk/ledger"
	"balcao/kiosk/trust/staff"
)

const evidenceUsage = `Usage: kioskctl evidence export ID [-o FILE]
       kioskctl evidence verify FILE [anchors]
       kioskctl evidence audit [--sample N] [anchors]

export writes all evidence of one enrolment, by its identifier or by the number of its key, into one file. verify verifies
such a file, without a network, as of the time when it was signed, and prints every check. audit does so with the evidence
of all living keys in the database, or of N of them by chance, and prints what fails. Exit 0 when all holds, 3 when not.

  --trust DIR             anchors of the State and of others
  --desk-authority FILE   the certificate that issues the desks' (ca.crt)
  --staff-authority FILE  the certificates that issue staff cards
  --staff-cards DIR       certificates of staff cards that count by themselves
  --record-key FILE       record.pub of a registrar; as many as there are. Without it records are not verified.
  --log-key FILE          log.pub. Without it it is not verified that the key was logged.

For export and audit the connection string of a superuser is --dsn, or better BALCAO_ADMIN_DSN. The file is personal.
`

// runEvidence carries out "kioskctl evidence".
func runEvidence(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	return oneOf(ctx, "kioskctl evidence", evidenceUsage, map[string]command{
		"export": evidenceExport, "verify": evidenceVerify, "audit": evidenceAudit,
	}, args, stdout, stderr)
}

// believed are the flags that name anchors.
type believed struct {
	trust, desks, staff, cards, log string
	records                         *[]string
}

func (b *believed) flags(fs *flag.FlagSet) {
	fs.StringVar(&b.trust, "trust", "", "")
	fs.StringVar(&b.desks, "desk-authority", "", "")
	fs.StringVar(&b.staff, "staff-authority", "", "")
	fs.StringVar(&b.cards, "staff-cards", "", "")
	fs.StringVar(&b.log, "log-key", "", "")
	b.records = files(fs, "record-key")
}

// load reads the anchors. What is not named is believed by nobody.
func (b *believed) load() (a evidence.Anchors, log note.Verifier, err error) {
	if a.Trust, err = newExaminer(cardFlags{trust: b.trust}); err != nil {
		return a, nil, err
	}
	if a.Desks, err = deskca.LoadCertificate(b.desks); err != nil {
		return a, nil, err
	}
	if a.Staff, err = staff.Load(b.staff, b.cards); err != nil {
		return a, nil, err
	}
	if a.Registry, err = each(*b.records, recordKey); err != nil {
		return a, nil, err
	}
	if b.log != "" {
		log, err = ledger.LoadVerifier(b.log)
	}
	return a, log, err
}

func evidenceExport(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	fs, dsn := adminFlags("evidence export", evidenceUsage, stderr)
	out := fs.String("o", "", "")
	leading, exit, ok := parseNamed(fs, dsn, 1, args, stderr)
	if !ok {
		return exit
	}
	var text []byte
	err := schema.WithAdmin(ctx, *dsn, func(conn *pgx.Conn) error {
		id, err := enrolmentOf(ctx, conn, leading[0])
		if err != nil {
			return err
		}
		f, err := stored(ctx, conn, id)
		if err == nil {
			text, err = f.Encode()
		}
		return err
	})
	if err == nil && *out != "" {
		err = os.WriteFile(*out, text, 0o600)
	} else if err == nil {
		_, err = stdout.Write(text)
	}
	if err != nil {
		return fail(stderr, fs.Name(), err)
	}
	return exitOK
}

// enrolmentOf reads the identifier of an enrolment, or the number of a key.
func enrolmentOf(ctx context.Context, conn *pgx.Conn, text string) (uuid.UUID, error) {
	if id, err := uuid.Parse(text); err == nil {
		return id, nil
	}
	register, err := strconv.ParseInt(text, 10, 64)
	if err != nil || register <= 0 {
		return uuid.UUID{}, fmt.Errorf("%q is neither an enrolment nor a key", text)
	}
	ids, err := schema.Enrolled(ctx, conn, 0, register)
	if err == nil && len(ids) == 0 {
		err = schema.ErrNoEvidence
	}
	if err != nil {
		return uuid.UUID{}, err
	}
	return ids[0], nil
}

// stored is the evidence of an enrolment in the database, with the proofs that its records were logged.
func stored(ctx context.Context, conn *pgx.Conn, id uuid.UUID) (*evidence.File, error) {
	text, err := schema.Evidence(ctx, conn, id)
	if err != nil {
		return nil, err
	}
	f, err := evidence.ReadFile(text)
	if err != nil {
		return nil, err
	}
	for version := range f.Records {
		var l evidence.FileLeaf
		leaf, proof, err := ledger.Prove(ctx, conn, "key_record", fmt.Sprintf("%d/%d", f.Key.Register, version+1))
		if err == nil {
			l.Leaf, l.Proof = leaf.Bytes(), string(proof)
			err = conn.QueryRow(ctx, `select key from centre.log_key where subject = $1`, leaf.Subject).Scan((*[]byte)(&l.Seal))
		}
		switch {
		case errors.Is(err, ledger.ErrNotLogged), errors.Is(err, pgx.ErrNoRows):
			continue // verify says so
		case err != nil:
			return nil, err
		}
		f.Log = append(f.Log, l)
	}
	return f, nil
}

// checkLog verifies that the records of a key were logged.
func checkLog(f *evidence.File, key note.Verifier) evidence.Line {
	l := evidence.Line{Name: "log", Result: kiosk.Absent, Note: "not verified: no key of the log was given"}
	if key == nil {
		return l
	}
	l.Result, l.Note = kiosk.Failed, "the records of the key are not in the log, or not yet"
	if len(f.Log) == 0 || len(f.Log) != len(f.Records) {
		return l
	}
	for n, logged := range f.Log {
		leaf, err := ledger.OpenProof(ledger.Proof(logged.Proof), key)
		if err != nil {
			l.Note = err.Error()
			return l
		}
		if !bytes.Equal(leaf.Bytes(), logged.Leaf) || leaf.Table != "key_record" || leaf.Row != fmt.Sprintf("%d/%d", f.Key.Register, n+1) || !sealed(leaf, logged.Seal, f.Records[n]) {
			l.Note = "the log has another record"
			return l
		}
	}
	l.Result, l.Note = kiosk.Passed, fmt.Sprintf("records logged: %d", len(f.Log))
	return l
}

// sealed reports whether a leaf is of this record: its personal columns are the record alone (package ledger, bytes of a
// leaf).
func sealed(leaf ledger.Leaf, key []byte, record string) bool {
	value := fmt.Sprintf("\\x%x", record)
	mac := hmac.New(sha256.New, key)
	_, _ = fmt.Fprintf(mac, "record %d:%s\n", len(value), value)
	return leaf.Hidden == "record" && hmac.Equal(mac.Sum(nil), leaf.Sealed)
}

func evidenceVerify(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	fs := newFlags("evidence verify", evidenceUsage, stderr)
	var b believed
	b.flags(fs)
	leading, exit, ok := parseNamed(fs, nil, 1, args, stderr)
	if !ok {
		return exit
	}
	anchors, log, err := b.load()
	if err != nil {
		return fail(stderr, fs.Name(), err)
	}
	text, err := os.ReadFile(leading[0])
	if err != nil {
		return fail(stderr, fs.Name(), err)
	}
	f, err := evidence.ReadFile(text)
	if err != nil {
		_, _ = fmt.Fprintf(stdout, "NO    form            %v\n", err)
		return exitTampered
	}
	lines := append(f.Check(ctx, anchors), checkLog(f, log))
	for _, l := range lines {
		said, known := map[kiosk.Result]string{kiosk.Passed: "ok", kiosk.Absent: "-"}[l.Result]
		if !known {
			said = "NO"
		}
		_, _ = fmt.Fprintf(stdout, "%-5s %-15s %s\n", said, l.Name, l.Note)
	}
	if !evidence.Good(lines) {
		return exitTampered
	}
	return exitOK
}

func evidenceAudit(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	fs, dsn := adminFlags("evidence audit", evidenceUsage, stderr)
	sample := fs.Uint("sample", 0, "")
	var b believed
	b.flags(fs)
	if exit, ok := parseAdmin(fs, dsn, args, stderr); !ok {
		return exit
	}
	anchors, log, err := b.load()
	if err != nil {
		return fail(stderr, fs.Name(), err)
	}
	bad, all := 0, 0
	err = schema.WithAdmin(ctx, *dsn, func(conn *pgx.Conn) error {
		ids, err := schema.Enrolled(ctx, conn, int(*sample), 0)
		for _, id := range ids {
			all++
			lines, err := audit(ctx, conn, id, anchors, log)
			if err != nil {
				return err
			}
			if !evidence.Good(lines) {
				bad++
			}
			for _, l := range lines {
				if l.Result != kiosk.Passed && l.Result != kiosk.Absent {
					_, _ = fmt.Fprintf(stdout, "%s  %s: %s\n", id, l.Name, l.Note)
				}
			}
		}
		return err
	})
	if err != nil {
		return fail(stderr, fs.Name(), err)
	}
	_, _ = fmt.Fprintf(stdout, "Keys verified again from their evidence: %d; that do not hold: %d.\n", all, bad)
	if bad > 0 {
		return exitTampered
	}
	return exitOK
}

// audit verifies one enrolment from what is stored. What cannot be read does not hold.
func audit(ctx context.Context, conn *pgx.Conn, id uuid.UUID, anchors evidence.Anchors, log note.Verifier) ([]evidence.Line, error) {
	f, err := stored(ctx, conn, id)
	if ctx.Err() != nil || conn.IsClosed() {
		return nil, errors.Join(err, ctx.Err())
	}
	if err != nil {
		return []evidence.Line{{Name: "form", Result: kiosk.Failed, Note: err.Error()}}, nil
	}
	return append(f.Check(ctx, anchors), checkLog(f, log)), nil
}
