namespace Mantle.Emulator.Kms.Keys;

/// <summary>KeyState of the API.</summary>
public enum KeyState
{
    Enabled,
    Disabled,
    PendingDeletion,
    PendingImport,
}
