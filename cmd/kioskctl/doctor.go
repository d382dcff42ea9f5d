package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"balcao/assets/i18n/fonts"
	"balcao/cardreader"
	"balcao/kiosk"
	"balcao/kiosk/trust"
	"balcao/kiosk/trust/country"
	"balcao/kiosk/trust/folder"
)

// runDoctor says what is wrong with readers, the smart-card service and the trust folder, and the cure. It exits with 1
// when something is.
func runDoctor(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	flags := flag.NewFlagSet("doctor", flag.ContinueOnError)
	flags.SetOutput(stderr)
	asJSON := flags.Bool("json", false, "print JSON")
	dir := flags.String("trust", "", "trust folder; otherwise as for kioskctl trust")
	config := flags.String("config", systemKiosk, "the desk's configuration, which may say what is a reader")
	if err := flags.Parse(args); err != nil {
		return mistake(err, exitUsage)
	}
	folder := trustFolder(*dir)
	findings := slices.Concat(readDeskConfig(*config).choice().Diagnose(ctx), trustFindings(folder), fontFindings(folder))
	code := exitOK
	for _, f := range findings {
		if !f.OK {
			code = exitError
		}
	}
	if *asJSON {
		e := json.NewEncoder(stdout)
		e.SetIndent("", "  ")
		if err := e.Encode(findings); err != nil {
			return fail(stderr, "kioskctl doctor", err)
		}
		return code
	}
	for _, f := range findings {
		mark := "✓"
		if !f.OK {
			mark = "✗"
		}
		_, _ = fmt.Fprintf(stdout, "%s %s\n", mark, f.Title)
		if f.Cause != "" {
			_, _ = fmt.Fprintf(stdout, "    Why:  %s\n    Cure: %s\n", f.Cause, f.Cure)
		}
	}
	return code
}

// Codes of findings about the trust folder.
const (
	codeTrustFolder = "trust_folder"
	codeTrustFile   = "trust_file"
)

// codeFont is the code of a finding about the letters of a language.
const codeFont = "font"

// fontFindings names the languages that the citizen's screen does not offer because this computer cannot draw them. A
// computer without a trust folder is no desk.
func fontFindings(trust string) []cardreader.Finding {
	if _, err := os.Stat(trust); err != nil {
		return nil
	}
	var findings []cardreader.Finding
	for _, l := range kiosk.Languages {
		if missing := fonts.Missing(l.Name()); len(missing) > 0 {
			findings = append(findings, cardreader.Finding{
				Code: codeFont, Title: fmt.Sprintf("The citizen's screen does not offer %s (%s).", l.Name(), l),
				Cause: "This computer has no fonts for its letters.", Cure: fonts.Cure(missing) + ", then start the desk again.",
			})
		}
	}
	if len(findings) == 0 {
		findings = append(findings, cardreader.Finding{Code: cardreader.CodeOK, OK: true, Title: fmt.Sprintf("The citizen's screen can be read in %d languages.", len(kiosk.Languages))})
	}
	return findings
}

// trustFindings names what the trust folder has that cannot be used. A computer that has none, and where none was named,
// only has readers.
func trustFindings(dir string) []cardreader.Finding {
	if _, err := os.Stat(dir); dir == systemTrust && errors.Is(err, os.ErrNotExist) {
		return nil
	}
	var findings []cardreader.Finding
	store, err := trust.Load(dir)
	countries, countriesErr := country.Load(dir)
	for _, err := range []error{err, countriesErr} {
		if err != nil {
			findings = append(findings, cardreader.Finding{
				Code: codeTrustFolder, Title: "The trust folder " + dir + " cannot be used.", Cause: err.Error(),
				Cure: "Fill it with: kioskctl trust import.",
			})
		}
	}
	for _, bad := range slices.Concat(store.BadFiles(), countries.BadFiles()) {
		findings = append(findings, badFileFinding(dir, bad))
	}
	if len(findings) == 0 {
		findings = append(findings, cardreader.Finding{Code: cardreader.CodeOK, OK: true, Title: "Every file of the trust folder " + dir + " can be used."})
	}
	return findings
}

func badFileFinding(dir string, bad *folder.BadFile) cardreader.Finding {
	f := cardreader.Finding{
		Code: codeTrustFile, Title: filepath.Join(dir, bad.File) + " is left out.", Cause: bad.Err.Error(),
		Cure: "Replace it with the file that its authority publishes, or remove it; then start the desk again.",
	}
	switch {
	case bad.Country != "":
		f.Cause += ". Until it can be read nobody knows what " + bad.Country + " has revoked: its documents are not accepted"
	case strings.HasPrefix(bad.File, "csca-crl/"):
		f.Cause += ". It does not say which State's list it is"
	}
	return f
}
