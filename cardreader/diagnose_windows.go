package cardreader

// Words of findings. SCardSvr is Windows' own service; it is there on every desktop edition.
const (
	runningTitle = "The smart-card service (SCardSvr) is running."
	restart      = "restart the service “Smart Card” (SCardSvr) in services.msc"
	alsoHolds    = "a driver that reads every card (certificate propagation)."
	closeHolder  = ""
)

var stuckFinding = Finding{
	Code: CodeStuck, Title: "The smart-card service (SCardSvr) runs but does not react.",
	Cause: "A reader's driver hangs.",
	Cure:  "Unplug the readers, then " + restart + ". If that does not help, start the computer again.",
}

func serviceFinding(cause Cause) Finding {
	switch cause {
	case ServiceMissing:
		return Finding{
			Code: CodeMissing, Title: "There is no smart-card service on this computer.",
			Cause: "This Windows has no service SCardSvr: it was removed, or is an edition without it.",
			Cure:  "Use a desktop edition of Windows 10 or 11, or have it repaired: sfc /scannow as an administrator.",
		}
	case ServiceStuck:
		return stuckFinding
	case NotAuthorised:
		return Finding{
			Code: CodeNotAuthorised, Title: "The smart-card service does not let this user in.",
			Cause: "Windows lets programs at the computer itself use its readers, not those of a remote session or a service.",
			Cure:  "Log in at the computer itself.",
		}
	default:
		return Finding{
			Code: CodeStopped, Title: "The smart-card service (SCardSvr) does not run.",
			Cause: "It was disabled, failed when it started, or this is a remote session.",
			Cure:  "Set the service “Smart Card” (SCardSvr) to Automatic in services.msc, and start it.",
		}
	}
}

func noReader() Finding {
	return Finding{
		Code: CodeNoReader, Title: "No reader was found.",
		Cause: "No smart-card reader is plugged in, Windows has no driver for it, or its cable or USB socket is faulty.",
		Cure: "Plug the reader in, directly and not through a hub. If the Device Manager shows it with a yellow mark, install its " +
			"maker's driver.",
	}
}
