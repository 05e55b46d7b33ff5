using Mantle.ImageBuilder.Packages;
using Mantle.ImageBuilder.Packages.Archive;
using Mantle.Measure;
using Mantle.Testing;

namespace Mantle.ImageBuilder.Tests.Packages.Archive;

public sealed class AptSourcesTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    [Fact]
    public void The_deb822_form_is_read()
    {
        Write("sources.list.d/debian.sources", """
            # a comment
            Types: deb deb-src
            URIs: http://mirror.test/debian
            Suites: bookworm bookworm-updates
            Components: main contrib
            Signed-By: /usr/share/keyrings/debian-archive-keyring.gpg

            Types: deb
            URIs: http://mirror.test/debian-security
            Suites: bookworm-security
            Components: main
            """);
        AssertFound("http://mirror.test/debian", "http://mirror.test/debian-security");
    }

    [Fact]
    public void The_one_line_form_is_read()
    {
        Write("sources.list", """
            # deb http://comment.test/debian trixie main
            deb-src http://source.test/debian trixie main
            deb cdrom:[Debian]/ trixie main
            deb mirror+file:/etc/apt/mirrors trixie main
            deb [arch=amd64 signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] https://mirror.test/debian/ trixie main non-free # mine
            deb http://mirror.test/security trixie-security main
            """);
        AssertFound("https://mirror.test/debian/", "http://mirror.test/security");
    }

    [Fact]
    public void Archives_of_others_are_passed_over()
    {
        Write("sources.list.d/a-node.sources", "Types: deb\nURIs: https://node.test/debian\nSuites: nodistro\nComponents: main\n");
        Write("sources.list.d/b-cloud.list", "deb https://cloud.test/apt cloud-sdk-bookworm main\ndeb https://docker.test/linux/debian bookworm stable\n");
        Write("sources.list.d/c-off.sources", "Enabled: no\nTypes: deb\nURIs: http://off.test/debian\nSuites: trixie\nComponents: main\n");
        Write("sources.list.d/d-wrong.list.disabled", "deb http://disabled.test/debian trixie main\n");
        Write("sources.list.d/e-broken.sources", "this is not control data\n");
        Assert.Equal((null, null), AptSources.Find(_folder.Root));

        Write("sources.list.d/f-third.list", "deb https://third.test/debian/12/prod bookworm main\n");
        Write("sources.list.d/z-debian.list", "deb http://mirror.test/debian bookworm main\n");
        AssertFound("http://mirror.test/debian", null);
    }

    [Fact]
    public void The_command_line_comes_before_the_environment_and_the_environment_before_apt()
    {
        Write("sources.list", "deb http://apt.test/debian trixie main\n");
        Assert.Equal(Mirror("http://apt.test/debian", "http://apt.test/debian-security"), Choose(null, null, null));
        Assert.Equal(Mirror("http://env.test/debian", "http://env.test/debian-security"), Choose(null, null, "http://env.test/debian"));
        Assert.Equal(Mirror("http://env.test/a", "http://env.test/b"), Choose(null, null, "http://env.test/a http://env.test/b"));
        Assert.Equal(Mirror("http://me.test/debian", "http://me.test/debian-security"), Choose("http://me.test/debian", null, "http://env.test/debian"));
        Assert.Equal(Mirror("http://me.test/x", "file:///srv/security"), Choose("http://me.test/x", "file:///srv/security", null));
        Assert.Equal(Mirror("http://apt.test/debian", "http://s.test/s"), Choose(null, "http://s.test/s", null));
    }

    [Fact]
    public void Without_a_mirror_the_error_says_how_to_give_one()
    {
        UserErrorException none = Assert.Throws<UserErrorException>(() => Choose(null, null, null));
        Assert.Equal($"no Debian mirror: \"{_folder.Root}\" names none", none.Message);
        Assert.Contains("--mirror URL", none.Hint);
        Assert.Contains("MANTLE_MIRROR", none.Hint);

        Assert.Equal(
            "the security archive that belongs to \"http://me.test/x\" is unknown, as the address does not end in \"/debian\"",
            Assert.Throws<UserErrorException>(() => Choose("http://me.test/x", null, null)).Message);
        Assert.Equal("--mirror: \"ftp://me.test\" is not a http, https or file address", Assert.Throws<UserErrorException>(() => Choose("ftp://me.test", null, null)).Message);
    }

    [Fact]
    public void Snapshots_are_located_by_suite_and_time()
    {
        DateTimeOffset time = new(2026, 11, 21, 9, 15, 44, TimeSpan.Zero);
        SnapshotLocator locator = new(new Uri("http://snapshot.test/archive/debian"));
        Assert.Equal("http://snapshot.test/archive/debian/20261121T091544Z/pool/a.deb", locator.Locate("trixie", time, "pool/a.deb").First().AbsoluteUri);
        Assert.Equal("http://snapshot.test/archive/debian-security/20261121T091544Z/pool/a.deb", locator.Locate("trixie-security", time, "pool/a.deb").First().AbsoluteUri);
    }

    public void Dispose() => _folder.Dispose();

    private static ArchiveMirror Mirror(string main, string security) => new(new Uri(main), new Uri(security));

    private ArchiveMirror Choose(string? mirror, string? security, string? environment) => MirrorSelection.Choose(mirror, security, environment, _folder.Root);

    private void Write(string name, string text)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(_folder[name])!);
        File.WriteAllText(_folder[name], text);
    }

    private void AssertFound(string? main, string? security)
    {
        (Uri? foundMain, Uri? foundSecurity) = AptSources.Find(_folder.Root);
        Assert.Equal(main, foundMain?.AbsoluteUri);
        Assert.Equal(security, foundSecurity?.AbsoluteUri);
    }
}
