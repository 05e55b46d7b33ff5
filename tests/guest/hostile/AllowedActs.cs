namespace Mantle.Hostile;

/// <summary>
/// What a service may do, by the same functions as the attempts: these succeed, so a refusal is a refusal and no mistake of this program.
/// </summary>
internal static class AllowedActs
{
    private const string Target = "allowed";

    public static IEnumerable<Attempt> All() =>
    [
        Attempt.Call(Target, "write into /tmp", () => Files.Open("/tmp/own", Files.ReadWrite | Files.Create)),
        new(Target, "find places to write", () => Outcome.Of(FileAttempts.WritablePlaces())),
        new(Target, "run a program of the image", () => Interop.Run(Program.Self, Program.Implant)),
        new(Target, "run a program of the image by the loader", () => Interop.Run("/lib64/ld-linux-x86-64.so.2", Program.Self, Program.Implant)),
        Attempt.Call(Target, "map code of the image", () => FileAttempts.MapFile(Program.Self, protection: 5, kind: 2)),
        Attempt.Call(Target, "read its own memory", () => Files.Open("/proc/self/mem", Files.ReadOnly)),
        Attempt.Call(Target, "signal itself", () => Interop.Call(62, Environment.ProcessId)),
        Attempt.Call(Target, "reach KMS", () => NetworkAttempts.Reach(Program.KeyService, 443)),
        Attempt.Call(Target, "ask for the loopback device", () => NetworkAttempts.Netlink(18, [0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0])),
        Attempt.Call(Target, "read the weights", () => Files.OpenFirst("/run/volumes/weights", "model", "/run/volumes/weights/") is var descriptor and not 0 ? descriptor : -2),
        Attempt.Call(Target, "read its own secret", () => Files.Open($"/run/secrets/{Program.OwnSecret}", Files.ReadOnly)),
    ];
}
