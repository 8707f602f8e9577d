"""Go templates as `--format` takes them."""

from __future__ import annotations

import pytest

from pydock.core.cli.template import Template
from pydock.core.errors import Invalid
from pydock.core.schema.containers import ContainerInspect, ContainerState
from pydock.core.schema.networks import EndpointIPAMConfig, EndpointSettings

ROW = {
    "Names": "web",
    "Ports": "",
    "List": [1, 2],
    "Map": {"b": "2", "a": "1"},
    "Set": {"80/tcp": {}},
    "Nothing": None,
    "Label": lambda key: f"<{key}>",
    "Log": [{"ExitCode": 7}],
}


@pytest.mark.parametrize(
    ("source", "text"),
    [
        ("plain", "plain"),
        ("{{.Names}}", "web"),
        ("{{.Names}}|{{.Ports}}|", "web||"),
        ("{{json .List}}", "[1,2]"),
        ("{{json .Names}}", '"web"'),
        ("{{.List}} {{.Map}} {{.Nothing}} {{.Set}}", "[1 2] map[a:1 b:2] <nil> map[80/tcp:{}]"),
        ("{{range .List}}{{.}},{{end}}", "1,2,"),
        ("{{range $k, $v := .Map}}{{$k}}={{$v}};{{end}}", "a=1;b=2;"),
        ("{{range $i, $v := .List}}{{if $i}}-{{end}}{{$v}}{{end}}", "1-2"),
        ("{{range .Nothing}}x{{else}}none{{end}}", "none"),
        ("{{range .List}}{{if eq . 2}}{{break}}{{end}}{{.}}{{end}}", "1"),
        ("{{if .Ports}}a{{else if .Names}}b{{else}}c{{end}}", "b"),
        ("{{with .Map}}{{.a}}{{end}}", "1"),
        ("{{with $x := .Names}}{{$x}}{{end}}", "web"),
        ("{{$x := .Names}}{{range .List}}{{$x}}{{end}}", "webweb"),
        ('{{$x := "a"}}{{range .List}}{{$x = "b"}}{{end}}{{$x}}', "b"),
        ('{{.Label "k"}}', "<k>"),
        ("{{len .List}} {{index .List 1}} {{index .Map `a`}}", "2 2 1"),
        ("{{(index .Log 0).ExitCode}}", "7"),
        ("{{.Names | upper | printf `%-5s|`}}", "WEB  |"),
        ('{{join (split "a,b" ",") "-"}}', "a-b"),
        ("{{lower `AB`}}{{title `ab cd`}}", "abAb Cd"),
        ('{{truncate "abcdef" 3}}{{pad "x" 1 2}}|', "abc x  |"),
        ("{{and .Names .Ports}}{{or .Ports .Names}}", "web"),
        ('{{if and (eq .Names "web") (not .Ports)}}y{{end}}', "y"),
        ("{{eq 1 2 1}} {{ne 1 1}} {{lt 1 2}} {{ge 1 2}}", "true false true false"),
        ('{{gt .Names ""}}', "true"),
        ("{{println 1 `a`}}", "1 a\n"),
        ('{{print "a" "b" 1 2}}', "ab1 2"),
        ("a {{- .Names -}} b", "awebb"),
        ("{{/* nothing */}}x", "x"),
        ("{{slice `abcdef` 1 3}}", "bc"),
        ("{{true}} {{nil | json}}", "true null"),
        ("{{'a'}}", "97"),
    ],
)
def test_over_a_row(source: str, text: str) -> None:
    assert Template(source).render(ROW) == text


def test_over_a_record_fields_have_their_wire_names_and_print_as_go_s_structs() -> None:
    found = ContainerInspect(id="abc", state=ContainerState(status="running", oom_killed=True))
    endpoint = EndpointSettings(ipam_config=EndpointIPAMConfig(ipv4_address="172.30.5.200"))
    found.network_settings.networks = {"gnet": endpoint}
    found.config.exposed_ports = {"77/tcp": {}, "80/tcp": {}}
    assert Template("{{.Id}} {{.ID}} {{.State.OOMKilled}}").render(found) == "abc abc true"
    assert Template("{{.Config.ExposedPorts}}").render(found) == "map[77/tcp:{} 80/tcp:{}]"
    source = "{{range .NetworkSettings.Networks}}{{.IPAMConfig}}{{end}}"
    assert Template(source).render(found) == "{172.30.5.200  []}"
    assert Template("{{.State.Health}}").render(found) == "<nil>"


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ("{{.Names", "template: :1: unclosed action"),
        ("{{if .Names}}", "template: :1: unexpected EOF"),
        ("{{end}}", "template: :1: unexpected {{end}}"),
        ("{{.Names | }}", "template: :1: missing value for command"),
    ],
)
def test_what_can_t_be_parsed_is_refused(source: str, message: str) -> None:
    with pytest.raises(Invalid) as caught:
        Template(source)
    assert str(caught.value) == message


@pytest.mark.parametrize(
    "source", ["{{.Nosuch}}", "{{nosuch .}}", "{{index .List 9}}", "{{$x}}", "{{len nil}}"]
)
def test_what_is_not_there_is_said(source: str) -> None:
    with pytest.raises(Invalid):
        Template(source).render(ROW)
