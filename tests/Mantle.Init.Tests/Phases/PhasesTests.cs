using Mantle.Init.Phases;
using Mantle.Init.Service;

namespace Mantle.Init.Tests.Phases;

/// <summary>The orders that the sealing rests on.</summary>
public sealed class PhasesTests
{
    private static readonly List<string> s_initrd = [.. InitrdLife.Phases.Select(phase => phase.Name)];
    private static readonly List<string> s_root = [.. RootLife.Phases.Select(phase => phase.Name)];
    private static readonly List<string> s_service = [.. ServiceRole.Steps.Select(step => step.Name)];

    [Fact]
    public void Life_one_has_these_phases() =>
        Assert.Equal(["keys", "kernel file systems", "root hash", "modules", "partitions", "verity", "root", "switch"], s_initrd);

    [Fact]
    public void Life_two_has_these_phases() =>
        Assert.Equal(
            ["configuration", "mounts", "settings", "network begin", "metadata guard", "host name", "requests", "service folders", "unseal folders", "lock", "status", "network wait", "unseal", "service"],
            s_root);

    [Fact]
    public void The_kernel_is_locked_before_the_service_starts() => Assert.True(s_root.IndexOf("lock") < s_root.IndexOf("service"));

    [Fact]
    public void No_program_starts_before_the_kernel_is_locked_and_the_metadata_is_guarded()
    {
        Assert.True(s_root.IndexOf("lock") < s_root.IndexOf("unseal"));
        Assert.True(s_root.IndexOf("metadata guard") < s_root.IndexOf("unseal"));
        Assert.True(s_root.IndexOf("unseal") < s_root.IndexOf("service"));
    }

    [Fact]
    public void The_tpm_changes_its_owner_before_dev_turns_read_only() => Assert.True(s_root.IndexOf("unseal folders") < s_root.IndexOf("lock"));

    [Fact]
    public void The_network_begins_under_its_settings() => Assert.True(s_root.IndexOf("settings") < s_root.IndexOf("network begin"));

    [Fact]
    public void Power_is_given_up_in_the_only_order_that_works()
    {
        // Bounding set and secure bits need CAP_SETPCAP, the user change CAP_SETUID; a filter without capabilities needs no_new_privs.
        Assert.True(s_service.IndexOf("capability bounding set") < s_service.IndexOf("user and groups"));
        Assert.True(s_service.IndexOf("secure bits") < s_service.IndexOf("user and groups"));
        Assert.True(s_service.IndexOf("user and groups") < s_service.IndexOf("capabilities"));
        Assert.True(s_service.IndexOf("no new privileges") < s_service.IndexOf("system call filter"));
        Assert.Equal("execute", s_service[^1]);
    }
}
