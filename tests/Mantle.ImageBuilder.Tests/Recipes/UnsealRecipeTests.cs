using System.Text.Json;
using Mantle.Formats.Bytes;
using Mantle.Formats.Tree;
using Mantle.ImageBuilder.Recipes;
using Mantle.ImageBuilder.Tree;
using Mantle.Measure;
using Mantle.Testing;

namespace Mantle.ImageBuilder.Tests.Recipes;

public class UnsealRecipeTests
{
    private const string Unseal = """
        unseal:
          exec: /usr/bin/unseal
          user: keys
          status-port: 8009
          attempts: 3
          on-failure: reboot
          kms:
            region: us-east-1
            endpoint: https://kms.test
            certificates: /etc/roots.pem
          files:
            - name: api-token
              source: /usr/share/api-token.sealed
          volumes:
            - name: weights
              root-hash: 0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef
              version: "2"
              encrypted: true

        """;

    private static readonly string s_sample = Sample();

    [Fact]
    public void What_is_unsealed_is_read()
    {
        UnsealRecipe unseal = Read(s_sample).Unseal!;
        Assert.Equal(("/usr/bin/unseal", "keys", 8009, 3, "reboot"), (unseal.Exec, unseal.User, unseal.StatusPort, unseal.Attempts, unseal.OnFailure));
        Assert.Equal(new KmsRecipe("us-east-1", "https://kms.test", "/etc/roots.pem"), unseal.Kms);
        SecretFileRecipe file = Assert.Single(unseal.Files);
        Assert.Equal(("api-token", "/usr/share/api-token.sealed", "1"), (file.Name, file.Source, file.Version));
        VolumeRecipe volume = Assert.Single(unseal.Volumes);
        Assert.Equal(("weights", "2", true), (volume.Name, volume.Version, volume.Encrypted));
    }

    [Fact]
    public void What_is_not_said_has_a_default()
    {
        UnsealRecipe unseal = Read(s_sample.Replace(Unseal, "unseal:\n  exec: /usr/bin/unseal\n  user: keys\n", StringComparison.Ordinal)).Unseal!;
        Assert.Equal((null, 5, "power-off", null), (unseal.StatusPort, unseal.Attempts, unseal.OnFailure, unseal.Kms));
        Assert.Empty(unseal.Files);
        Assert.Empty(unseal.Volumes);
    }

    [Theory]
    [InlineData("  user: keys", "  user: service", "user \"service\" is the service's")]
    [InlineData("  user: keys", "  user: root", "must be one of \"users\"")]
    [InlineData("  user: keys", "  user: nobody", "must be one of \"users\"")]
    [InlineData("  user: keys", "  user: keys\n  colour: blue", "known are attempts, exec, files, kms, on-failure, status-port, user, volumes")]
    [InlineData("    region: us-east-1", "    region: us-east-1\n    colour: blue", "known are certificates, endpoint, region")]
    [InlineData("      encrypted: true", "      colour: blue", "known are encrypted, name, root-hash, version")]
    [InlineData("      source: /usr/share/api-token.sealed", "      source: /usr/share/api-token.sealed\n      colour: blue", "known are name, source, version")]
    [InlineData("  status-port: 8009", "  status-port: 0", "a whole number from 1 to 65535")]
    [InlineData("  attempts: 3", "  attempts: 0", "a whole number from 1 to 100")]
    [InlineData("  on-failure: reboot", "  on-failure: shell", "it must be one of reboot, power-off")]
    [InlineData("    region: us-east-1", "    region: mars", "a region such as us-east-1")]
    [InlineData("https://kms.test", "http://kms.test", "an address such as https://kms.example.com")]
    [InlineData("    - name: weights", "    - name: ../weights", "a name of lower-case letters, digits, dots, hyphens and underscores")]
    [InlineData("0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef", "0123", "64 lower-case hexadecimal digits")]
    [InlineData("version: \"2\"", "version: \"a b\"", "a version of letters, digits")]
    [InlineData("  kms:\n    region: us-east-1\n    endpoint: https://kms.test\n    certificates: /etc/roots.pem\n", "", "what is encrypted needs \"unseal.kms\"")]
    [InlineData("  - path: /tmp", "  - path: /run/secrets", "\"/run/secrets\" is process 1's own")]
    [InlineData("  writable: []", "  writable: [/run/attest/x]", "\"/run/attest/x\" is process 1's own")]
    public void A_bad_line_is_refused_with_its_place(string line, string replacement, string message)
    {
        Assert.Contains(line, s_sample, StringComparison.Ordinal);
        UserErrorException error = Assert.Throws<UserErrorException>(() => Read(s_sample.Replace(line, replacement, StringComparison.Ordinal)));
        Assert.Matches(@"^appliance\.yaml:\d+:\d+: ", error.Message);
        Assert.Contains(message, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_volume_that_is_there_twice_is_refused()
    {
        string volume = Unseal[Unseal.IndexOf("    - name: weights", StringComparison.Ordinal)..];
        Assert.Contains("name \"weights\" is there twice", Refusal(volume), StringComparison.Ordinal);
        Assert.Contains("root hash \"0123456789abcdef", Refusal(volume.Replace("weights", "other", StringComparison.Ordinal)), StringComparison.Ordinal);

        static string Refusal(string more) =>
            Assert.Throws<UserErrorException>(() => Read(s_sample.Replace(Unseal, Unseal + more, StringComparison.Ordinal))).Message;
    }

    [Fact]
    public void Process_1_is_told_all_of_it_with_numbers_for_names()
    {
        using JsonDocument json = JsonDocument.Parse(ApplianceFiles.Configuration(Read(s_sample)));
        Assert.Equal(
            """
            {"exec":"/usr/bin/unseal","user_id":1001,"group_id":1001,"status_port":8009,"attempts":3,"on_failure":"reboot","kms":{"region":"us-east-1","endpoint":"https://kms.test","certificates":"/etc/roots.pem"},"files":[{"name":"api-token","source":"/usr/share/api-token.sealed","version":"1"}],"volumes":[{"name":"weights","root_hash":"0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef","version":"2","encrypted":true}]}
            """,
            JsonSerializer.Serialize(json.RootElement.GetProperty("unseal")));
        using JsonDocument without = JsonDocument.Parse(ApplianceFiles.Configuration(Read(s_sample.Replace(Unseal, "", StringComparison.Ordinal))));
        Assert.Equal(JsonValueKind.Null, without.RootElement.GetProperty("unseal").ValueKind);
    }

    [Theory]
    [InlineData("usr/bin/unseal")]
    [InlineData("etc/roots.pem")]
    [InlineData("usr/share/api-token.sealed")]
    public void A_file_that_unsealing_needs_must_be_in_the_image(string missing)
    {
        FileTree tree = new();
        foreach (string path in new[] { "usr/bin/unseal", "etc/roots.pem", "usr/share/api-token.sealed" }.Where(path => path != missing))
        {
            tree.Put(path, FileNode.Regular(ByteSource.Empty));
        }

        UserErrorException error = Assert.Throws<UserErrorException>(() => ApplianceFiles.CheckUnseal(tree, Read(s_sample)));
        Assert.Contains($"\"/{missing}\" is no file of the image", error.Message, StringComparison.Ordinal);
        tree.Put(missing, FileNode.Regular(ByteSource.Empty));
        ApplianceFiles.CheckUnseal(tree, Read(s_sample));
    }

    [Theory]
    [InlineData("  user: keys", "  ", "properties/unseal/properties")]
    [InlineData("    region: us-east-1", "    ", "properties/unseal/properties/kms/properties")]
    [InlineData("    - name: api-token", "      ", "properties/unseal/properties/files/items/properties")]
    [InlineData("    - name: weights", "      ", "properties/unseal/properties/volumes/items/properties")]
    public void The_schema_has_the_keys_that_the_reader_knows(string line, string indentation, string pointer)
    {
        UserErrorException error = Assert.Throws<UserErrorException>(() => Read(s_sample.Replace(line, $"{line}\n{indentation}unheard-of: 1", StringComparison.Ordinal)));
        using JsonDocument schema = JsonDocument.Parse(File.ReadAllText(Repository.PathOf("docs", "schemas", "recipe.schema.json")));
        JsonElement at = pointer.Split('/').Aggregate(schema.RootElement, (element, part) => element.GetProperty(part));
        Assert.EndsWith(
            $"known are {string.Join(", ", at.EnumerateObject().Select(property => property.Name).Order(StringComparer.Ordinal))}", error.Message, StringComparison.Ordinal);
    }

    private static Recipe Read(string text) => RecipeReader.Parse("appliance.yaml", text);

    /// <summary>The sample recipe with an account and an <c>unseal</c> of the tests' own.</summary>
    private static string Sample()
    {
        string[] lines = File.ReadAllLines(Repository.PathOf("appliance", "appliance.yaml"));
        int start = Array.IndexOf(lines, "unseal:");
        int end = start < 0 ? start : Array.FindIndex(lines, start + 1, line => line.Length > 0 && line[0] is not (' ' or '#'));
        IEnumerable<string> rest = start < 0 ? lines : lines.Take(start).Concat(lines.Skip(end));
        string text = string.Join('\n', rest.Where(line => !line.StartsWith('#'))) + "\n";
        return text.Replace("  - path: /usr/bin/unseal\n    source: ../artifacts/guest/unseal\n    mode: \"0755\"\n", "", StringComparison.Ordinal)
            .Replace("  - name: unseal\n    id: 1001\n", "", StringComparison.Ordinal)
            .Replace("  - name: service\n    id: 1000\n", "  - name: service\n    id: 1000\n  - name: keys\n    id: 1001\n", StringComparison.Ordinal)
            .Replace("network: dhcp\n", Unseal + "network: dhcp\n", StringComparison.Ordinal);
    }
}
