namespace Wirq.Board.Devices.Pci;

/// <summary>What a <see cref="PciLevelFunction"/> did.</summary>
/// <param name="Made">Events that it made, modulo 2^32.</param>
/// <param name="Served">Events that its driver served, modulo 2^32.</param>
/// <param name="Acknowledged">Acknowledges of its line.</param>
public readonly record struct LevelDeviceCounts(uint Made, uint Served, uint Acknowledged);
