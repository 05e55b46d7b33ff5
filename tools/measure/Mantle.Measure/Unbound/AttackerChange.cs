namespace Mantle.Measure.Unbound;

/// <summary>What a change does to what runs.</summary>
public enum ChangeEffect
{
    /// <summary>Nothing else runs.</summary>
    NoOther,

    /// <summary>Other code runs, or the same code with other words.</summary>
    RunsOther,

    /// <summary>The machine refuses to go on: nothing runs.</summary>
    Refused,

    /// <summary>Other code runs only in a system whose user space acts on it.</summary>
    DependsOnSystem,
}

/// <summary>Which trait of a system lets a change act.</summary>
public enum SystemTrait
{
    /// <summary>None: the effect is the same in every system.</summary>
    None,

    /// <summary>systemd as first process, which takes credentials and units from firmware strings and generators.</summary>
    Systemd,

    /// <summary>A program that executes what instance metadata says, such as cloud-init.</summary>
    MetadataAgent,

    /// <summary>A root file system that no hash on the command line covers.</summary>
    UnverifiedRoot,
}

/// <summary>Something that whoever holds the account can change about a machine.</summary>
/// <param name="Id">Its name, which does not change.</param>
/// <param name="Means">What is used: the ESP, UefiData, SMBIOS, the disk, …</param>
/// <param name="Description">What is done.</param>
/// <param name="Moves">The PCRs that it moves for certain, by the rules.</param>
/// <param name="Effect">What it does to what runs.</param>
/// <param name="Reason">Why, in one clause.</param>
public sealed record AttackerChange(string Id, string Means, string Description, IReadOnlyList<int> Moves, ChangeEffect Effect, string Reason)
{
    /// <summary>What the effect depends on.</summary>
    public SystemTrait Trait { get; init; }
}
