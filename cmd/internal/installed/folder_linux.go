package installed

func folder() string { return "/etc/balcao" }
