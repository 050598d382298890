"""The facts get a column for every searchable quantity of the catalogue, each with an index over the rows that have it.

Older rows are filled once the migrations are done. The names stand here as they were when this was written.
"""

from django.db import migrations, models

NEW_COLUMNS = (
    "thickness_m",
    "relative_thickness",
    "electron_flux_per_m2_s",
    "defocus_m",
    "pixel_size_m",
    "energy_start_ev",
    "energy_end_ev",
    "energy_bin_width_ev",
    "zero_loss_width_ev",
    "temperature_k",
    "wavelength_m",
    "momentum_velocity_v",
    "rayleigh_resolution_m",
    "abbe_resolution_m",
    "depth_of_field_m",
    "nyquist_step_m",
    "oversampling",
    "detector_half_angle_rad",
    "detector_half_angle_ratio",
    "best_resolution_m",
    "real_space_window_m",
    "probe_diameter_m",
    "linear_overlap",
    "areal_overlap",
    "electrons_per_position",
    "field_of_view_m",
    "frame_time_s",
    "frc_limit_m",
    "column_precision_m",
    "strain_precision",
    "center_of_mass_precision_rad",
    "measured_zero_loss_width_ev",
    "counts_per_position",
    "saturated_fraction",
    "current_stability",
)
INDEXES = {
    # name: column
    "facts_thickness": "thickness_m",
    "facts_relative_thickness": "relative_thickness",
    "facts_acceleration_voltage": "acceleration_voltage_v",
    "facts_semi_convergence_angle": "semi_convergence_angle_rad",
    "facts_probe_current": "probe_current_a",
    "facts_fluence": "electron_fluence_per_m2",
    "facts_electron_flux": "electron_flux_per_m2_s",
    "facts_defocus": "defocus_m",
    "facts_camera_length": "camera_length_m",
    "facts_scan_step": "scan_step_m",
    "facts_pixel_size": "pixel_size_m",
    "facts_dwell_time": "dwell_time_s",
    "facts_energy_start": "energy_start_ev",
    "facts_energy_end": "energy_end_ev",
    "facts_dispersion": "energy_bin_width_ev",
    "facts_collection_semi_angle": "collection_semi_angle_rad",
    "facts_zero_loss_width": "zero_loss_width_ev",
    "facts_temperature": "temperature_k",
    "facts_wavelength": "wavelength_m",
    "facts_momentum_velocity": "momentum_velocity_v",
    "facts_rayleigh_resolution": "rayleigh_resolution_m",
    "facts_abbe_resolution": "abbe_resolution_m",
    "facts_depth_of_field": "depth_of_field_m",
    "facts_nyquist_step": "nyquist_step_m",
    "facts_oversampling": "oversampling",
    "facts_detector_half_angle": "detector_half_angle_rad",
    "facts_detector_half_angle_rati": "detector_half_angle_ratio",
    "facts_best_resolution": "best_resolution_m",
    "facts_real_space_window": "real_space_window_m",
    "facts_probe_diameter": "probe_diameter_m",
    "facts_linear_overlap": "linear_overlap",
    "facts_areal_overlap": "areal_overlap",
    "facts_electrons_per_position": "electrons_per_position",
    "facts_field_of_view": "field_of_view_m",
    "facts_frame_time": "frame_time_s",
    "facts_frc_limit": "frc_limit_m",
    "facts_column_precision": "column_precision_m",
    "facts_strain_precision": "strain_precision",
    "facts_center_of_mass_precision": "center_of_mass_precision_rad",
    "facts_measured_zero_loss_width": "measured_zero_loss_width_ev",
    "facts_counts_per_position": "counts_per_position",
    "facts_saturated_fraction": "saturated_fraction",
    "facts_current_stability": "current_stability",
}


class Migration(migrations.Migration):
    dependencies = [("repository", "0017_schema_versions")]

    operations = [
        *(
            migrations.RemoveIndex(model_name="facts", name=name)
            for name in ("facts_voltage", "facts_convergence", "facts_step", "facts_fluence")
        ),
        migrations.RenameField(
            model_name="facts", old_name="fluence_e_per_m2", new_name="electron_fluence_per_m2"
        ),
        migrations.AddField(
            model_name="searchentry",
            name="quantities",
            field=models.CharField(blank=True, default="", max_length=64),
        ),
        *(
            migrations.AddField(model_name="facts", name=column, field=models.FloatField(null=True))
            for column in NEW_COLUMNS
        ),
        *(
            migrations.AddIndex(
                model_name="facts",
                index=models.Index(
                    fields=[column], name=name, condition=models.Q(**{f"{column}__isnull": False})
                ),
            )
            for name, column in INDEXES.items()
        ),
    ]
