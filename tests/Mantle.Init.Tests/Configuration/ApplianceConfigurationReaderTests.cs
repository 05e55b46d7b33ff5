using System.Text;
using System.Text.Json.Nodes;
using Mantle.Formats.Bytes;
using Mantle.Init.Configuration;

namespace Mantle.Init.Tests.Configuration;

public sealed class ApplianceConfigurationReaderTests
{
    private const string Valid = """
        {
          "version": 1, "name": "sample", "release": "1.0.0", "hostname": "mantle", "network": "dhcp",
          "tmpfs": [
            { "path": "/run", "size_bytes": 16777216, "mode": "0755", "exec": false },
            { "path": "/tmp", "size_bytes": 16777216, "mode": "1777", "exec": false }
          ],
          "service": {
            "exec": "/usr/bin/service", "arguments": ["--port", "443"], "user_id": 1000, "group_id": 1001,
            "environment": { "KEY": "value" }, "working_directory": "/", "restart": "on-failure",
            "restart_delay_ms": 1000, "stop_timeout_ms": 10000, "writable": ["/run/service"]
          },
          "unseal": {
            "exec": "/usr/bin/unseal", "user_id": 1002, "group_id": 1003, "status_port": 8009, "attempts": 5, "on_failure": "reboot",
            "kms": { "region": "us-east-1", "endpoint": "https://kms.test", "certificates": "/etc/roots.pem" },
            "files": [ { "name": "api-token", "source": "/usr/share/token.sealed", "version": "1" } ],
            "volumes": [ { "name": "weights", "root_hash": "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef", "version": "2", "encrypted": true } ]
          },
          "on_failure": "power-off"
        }
        """;

    [Fact]
    public void A_whole_document_is_read()
    {
        ApplianceConfiguration read = Read(Valid);
        Assert.Equal(("sample", "1.0.0", "mantle", NetworkMode.Dhcp, MachineEnd.PowerOff), (read.Name, read.Release, read.HostName, read.Network, read.OnFailure));
        Assert.Equal([new("/run", 16777216, "0755", false), new TmpfsConfiguration("/tmp", 16777216, "1777", false)], read.Tmpfs);
        ServiceConfiguration service = read.Service;
        Assert.Equal(("/usr/bin/service", 1000u, 1001u, "/", RestartMode.OnFailure), (service.Executable, service.UserId, service.GroupId, service.WorkingDirectory, service.Restart));
        Assert.Equal((1000, 10000), (service.RestartDelayMilliseconds, service.StopTimeoutMilliseconds));
        Assert.Equal(["--port", "443"], service.Arguments);
        Assert.Equal([KeyValuePair.Create("KEY", "value")], service.Environment);
        Assert.Equal(["/run/service"], service.Writable);
    }

    [Fact]
    public void What_is_unsealed_is_read()
    {
        UnsealConfiguration unseal = Read(Valid).Unseal!;
        Assert.Equal(("/usr/bin/unseal", 1002u, 1003u, 8009, 5, MachineEnd.Reboot), (unseal.Executable, unseal.UserId, unseal.GroupId, unseal.StatusPort, unseal.Attempts, unseal.OnFailure));
        Assert.Equal(new KmsConfiguration("us-east-1", "https://kms.test", "/etc/roots.pem"), unseal.Kms);
        Assert.Equal([new SecretFileConfiguration("api-token", "/usr/share/token.sealed", "1")], unseal.Files);
        Assert.Equal([new VolumeConfiguration("weights", new string([.. Enumerable.Repeat("0123456789abcdef", 4).SelectMany(x => x)]), "2", true)], unseal.Volumes);
    }

    [Fact]
    public void Nothing_to_unseal_no_status_port_and_no_endpoint_are_null()
    {
        JsonNode document = JsonNode.Parse(Valid)!;
        document["unseal"]!["status_port"] = null;
        document["unseal"]!["kms"]!["endpoint"] = null;
        UnsealConfiguration unseal = Read(document.ToJsonString()).Unseal!;
        Assert.Null(unseal.StatusPort);
        Assert.Null(unseal.Kms!.Endpoint);
        document["unseal"] = null;
        Assert.Null(Read(document.ToJsonString()).Unseal);
    }

    [Fact]
    public void Every_member_is_required()
    {
        foreach (string path in Members())
        {
            JsonNode document = JsonNode.Parse(Valid)!;
            (JsonObject parent, string member) = Find(document, path);
            parent.Remove(member);
            Assert.Throws<MalformedInputException>(() => Read(document.ToJsonString()));
        }
    }

    [Fact]
    public void No_member_may_be_null_or_unknown()
    {
        foreach (string path in Members())
        {
            JsonNode document = JsonNode.Parse(Valid)!;
            (JsonObject parent, string member) = Find(document, path);
            if (path is not ("unseal" or "unseal/status_port" or "unseal/kms/endpoint"))
            {
                parent[member] = null;
                Assert.Throws<MalformedInputException>(() => Read(document.ToJsonString()));
            }

            document = JsonNode.Parse(Valid)!;
            (parent, _) = Find(document, path);
            parent["surplus"] = 1;
            Assert.Throws<MalformedInputException>(() => Read(document.ToJsonString()));
        }
    }

    [Theory]
    [InlineData("\"version\": 1,", "\"version\": 2,")]
    [InlineData("\"version\": 1,", "\"version\": 1, \"version\": 1,")]
    [InlineData("\"version\": 1,", "\"version\": \"1\",")]
    [InlineData("\"version\"", "\"Version\"")]
    [InlineData("\"sample\"", "\"\"")]
    [InlineData("\"mantle\"", "\"-mantle\"")]
    [InlineData("\"mantle\"", "\"a.b\"")]
    [InlineData("\"dhcp\"", "\"DHCP6\"")]
    [InlineData("\"dhcp\"", "1")]
    [InlineData("\"dhcp\"", "\"1\"")]
    [InlineData("\"dhcp\"", "\"DHCP\"")]
    [InlineData("\"dhcp\"", "\" dhcp\"")]
    [InlineData("\"dhcp\"", "\"none, dhcp\"")]
    [InlineData("\"/run\", \"size_bytes\"", "\"/srv\", \"size_bytes\"")] // dhcp without /run
    [InlineData("\"/tmp\"", "\"/run\"")]
    [InlineData("\"/tmp\"", "\"/\"")]
    [InlineData("\"/tmp\"", "\"/proc/x\"")]
    [InlineData("\"/tmp\"", "\"/dev\"")]
    [InlineData("\"/tmp\"", "\"tmp\"")]
    [InlineData("\"/tmp\"", "\"/tmp/\"")]
    [InlineData("\"/tmp\"", "\"/a/../b\"")]
    [InlineData("\"/tmp\"", "\"/tmp\\u0000\"")]
    [InlineData("16777216, \"mode\": \"0755\"", "4095, \"mode\": \"0755\"")]
    [InlineData("16777216, \"mode\": \"0755\"", "-1, \"mode\": \"0755\"")]
    [InlineData("\"0755\"", "\"4755\"")]
    [InlineData("\"0755\"", "\"755\"")]
    [InlineData("\"0755\"", "\"0755,size=1\"")]
    [InlineData("1000, \"group_id\"", "0, \"group_id\"")]
    [InlineData("1000, \"group_id\"", "4294967295, \"group_id\"")]
    [InlineData("1001", "0")]
    [InlineData("\"KEY\"", "\"\"")]
    [InlineData("\"KEY\"", "\"A=B\"")]
    [InlineData("\"value\"", "null")]
    [InlineData("\"value\"", "\"a\\u0000b\"")]
    [InlineData("\"--port\"", "null")]
    [InlineData("\"on-failure\"", "\"sometimes\"")]
    [InlineData("\"restart_delay_ms\": 1000", "\"restart_delay_ms\": -1")]
    [InlineData("\"stop_timeout_ms\": 10000", "\"stop_timeout_ms\": 600001")]
    [InlineData("[\"/run/service\"]", "[\"/usr/service\"]")]
    [InlineData("[\"/run/service\"]", "[\"/run\"]")]
    [InlineData("[\"/run/service\"]", "[\"/run/../etc\"]")]
    [InlineData("[\"/run/service\"]", "[null]")]
    [InlineData("\"user_id\": 1002", "\"user_id\": 1000")]
    [InlineData("\"user_id\": 1002", "\"user_id\": 0")]
    [InlineData("1003", "1001")]
    [InlineData("8009", "0")]
    [InlineData("8009", "65536")]
    [InlineData("\"attempts\": 5", "\"attempts\": 0")]
    [InlineData("\"attempts\": 5", "\"attempts\": 101")]
    [InlineData("\"https://kms.test\"", "\"http://kms.test\"")]
    [InlineData("\"/etc/roots.pem\"", "\"roots.pem\"")]
    [InlineData("{ \"region\": \"us-east-1\", \"endpoint\": \"https://kms.test\", \"certificates\": \"/etc/roots.pem\" }", "null")]
    [InlineData("\"weights\"", "\"Weights\"")]
    [InlineData("\"weights\"", "\"..\"")]
    [InlineData("\"weights\"", "\"a/b\"")]
    [InlineData("\"api-token\"", "\"\"")]
    [InlineData("\"/usr/share/token.sealed\"", "\"/usr/../token\"")]
    [InlineData("\"0123456789abcdef", "\"0123456789ABCDEF")]
    [InlineData("\"version\": \"2\"", "\"version\": \"\"")]
    [InlineData("\"/tmp\"", "\"/run/secrets\"")]
    [InlineData("\"/tmp\"", "\"/run/volumes/weights\"")]
    [InlineData("[\"/run/service\"]", "[\"/run/attest\"]")]
    [InlineData("\"power-off\"", "\"halt\"")]
    [InlineData("\"power-off\"", "\"power-off\", // comment")]
    public void What_cannot_be_done_is_refused(string part, string replacement)
    {
        Assert.Contains(part, Valid, StringComparison.Ordinal);
        Assert.Throws<MalformedInputException>(() => Read(Valid.Replace(part, replacement, StringComparison.Ordinal)));
    }

    [Fact]
    public void A_parent_comes_before_its_child()
    {
        Read(Valid.Replace("\"/tmp\"", "\"/run/inner\"", StringComparison.Ordinal));
        string swapped = Valid.Replace("\"/run\",", "\"/x\",", StringComparison.Ordinal).Replace("\"/tmp\"", "\"/run\"", StringComparison.Ordinal);
        Read(swapped);
        Assert.Throws<MalformedInputException>(() => Read(swapped.Replace("\"/x\"", "\"/run/inner\"", StringComparison.Ordinal)));
    }

    [Fact]
    public void No_text_breaks_it() => Hostile.Attack(Encoding.UTF8.GetBytes(Valid), bytes => ApplianceConfigurationReader.Read(bytes));

    private static ApplianceConfiguration Read(string json) => ApplianceConfigurationReader.Read(Encoding.UTF8.GetBytes(json));

    private static IEnumerable<string> Members()
    {
        JsonObject document = JsonNode.Parse(Valid)!.AsObject();
        return document.Select(member => member.Key)
            .Concat(document["service"]!.AsObject().Select(member => $"service/{member.Key}"))
            .Concat(document["tmpfs"]![0]!.AsObject().Select(member => $"tmpfs/{member.Key}"))
            .Concat(document["unseal"]!.AsObject().Select(member => $"unseal/{member.Key}"))
            .Concat(document["unseal"]!["kms"]!.AsObject().Select(member => $"unseal/kms/{member.Key}"))
            .Concat(document["unseal"]!["files"]![0]!.AsObject().Select(member => $"unseal/files/{member.Key}"))
            .Concat(document["unseal"]!["volumes"]![0]!.AsObject().Select(member => $"unseal/volumes/{member.Key}"));
    }

    private static (JsonObject Parent, string Member) Find(JsonNode document, string path) => path.Split('/') switch
    {
        ["service", string member] => (document["service"]!.AsObject(), member),
        ["tmpfs", string member] => (document["tmpfs"]![0]!.AsObject(), member),
        ["unseal", "kms", string member] => (document["unseal"]!["kms"]!.AsObject(), member),
        ["unseal", string list, string member] => (document["unseal"]![list]![0]!.AsObject(), member),
        ["unseal", string member] => (document["unseal"]!.AsObject(), member),
        _ => (document.AsObject(), path),
    };
}
